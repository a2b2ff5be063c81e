/* Reads a list of request targets over keep-alive connections, times every answer, and prints one JSON object.
 *
 *   reader HOST PORT CONNECTIONS REQUESTS SEED TARGETS [HEADER]...
 *
 * TARGETS is a file with one request target a line. REQUESTS 0 reads each once, in order; any other number reads that
 * many, drawn evenly with SEED. Each connection has one request under way. Unlike wrk it sends an exact number of
 * requests, and keeps every time instead of a histogram. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_ROOM = 16384, REQUEST_ROOM = 4096 };

typedef struct {
    int fd;
    int is_busy;
    uint64_t began;
    char out[REQUEST_ROOM];
    size_t out_length, out_sent;
    char head[HEAD_ROOM + 1];
    size_t head_length;
    int is_in_body, status;
    long long body_left;
} Connection;

static struct sockaddr_in address;
static const char *host;
static char *headers;
static char **targets;
static size_t target_count, wanted, sent, answered, failed, statuses[600];
static uint64_t *times, bytes_read, random_state;
static int is_ordered, poller;

static void fail(const char *what) {
    fprintf(stderr, "reader: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* splitmix64 */
static uint64_t next_random(void) {
    uint64_t z = (random_state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static void read_targets(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    char *line = NULL;
    size_t room = 0, capacity = 0;
    ssize_t length;
    while ((length = getline(&line, &room, file)) > 0) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) line[--length] = 0;
        if (!length) continue;
        if (target_count == capacity) {
            capacity = capacity ? capacity * 2 : 1024;
            targets = realloc(targets, capacity * sizeof *targets);
            if (!targets) fail("memory");
        }
        if (!(targets[target_count++] = strdup(line))) fail("memory");
    }
    free(line);
    fclose(file);
    if (!target_count) {
        fprintf(stderr, "reader: %s holds no targets\n", path);
        exit(1);
    }
}

static void flush_out(Connection *c) {
    while (c->out_sent < c->out_length) {
        ssize_t n = send(c->fd, c->out + c->out_sent, c->out_length - c->out_sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) fail("send");
        c->out_sent += (size_t)n;
    }
}

static void ask(Connection *c) {
    if (sent == wanted) return;
    const char *target = targets[is_ordered ? sent : next_random() % target_count];
    sent++;
    int n = snprintf(c->out, REQUEST_ROOM, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", target, host, headers);
    if (n < 0 || n >= REQUEST_ROOM) fail("the request is too long");
    c->out_length = (size_t)n;
    c->out_sent = c->head_length = 0;
    c->is_in_body = 0;
    c->is_busy = 1;
    c->began = now();
    flush_out(c);
}

static void open_connection(Connection *c) {
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (fcntl(c->fd, F_SETFL, O_NONBLOCK)) fail("fcntl");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event)) fail("epoll_ctl");
}

static void finish(Connection *c) {
    times[answered++] = now() - c->began;
    statuses[c->status >= 0 && c->status < 600 ? c->status : 0]++;
    c->is_busy = 0;
    ask(c);
}

/* Reads status and length from a complete head. */
static void read_head(Connection *c) {
    c->status = atoi(c->head + 9);
    c->body_left = 0;
    c->is_in_body = 1;
    if (c->status == 304 || c->status == 204) return;
    char *field = strcasestr(c->head, "\r\ncontent-length:");
    if (!field) {
        fprintf(stderr, "reader: an answer has no Content-Length:\n%s", c->head);
        exit(1);
    }
    c->body_left = atoll(field + 17);
}

static void take(Connection *c, const char *bytes, size_t count) {
    bytes_read += count;
    if (!c->is_in_body) {
        size_t before = c->head_length, room = HEAD_ROOM - before, piece = count < room ? count : room;
        memcpy(c->head + before, bytes, piece);
        c->head_length += piece;
        c->head[c->head_length] = 0;
        char *end = strstr(c->head, "\r\n\r\n");
        if (!end && c->head_length == HEAD_ROOM) fail("the head is too long");
        if (!end) return;
        size_t head = (size_t)(end - c->head) + 4;
        end[2] = 0;
        bytes += head - before;
        count -= head - before;
        read_head(c);
    }
    c->body_left -= (long long)count;
    if (c->body_left < 0) fail("more bytes than announced");
    if (c->body_left == 0) finish(c);
}

/* A server may close an idle connection; one that closes during an answer has failed. */
static void closed(Connection *c) {
    close(c->fd);
    int was_busy = c->is_busy;
    if (was_busy) failed++;
    c->is_busy = 0;
    if (sent == wanted) return;
    open_connection(c);
    ask(c);
}

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static double quantile(double q) {
    if (!answered) return 0;
    size_t index = (size_t)(q * (double)answered);
    return (double)times[index < answered ? index : answered - 1] / 1000;
}

static void report(double seconds) {
    qsort(times, answered, sizeof *times, by_size);
    printf("{\"requests\": %zu, \"failed\": %zu, \"seconds\": %.6f, \"rps\": %.1f, \"bytes\": %llu, ", answered, failed,
           seconds, (double)answered / seconds, (unsigned long long)bytes_read);
    printf("\"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f, \"statuses\": {",
           quantile(.5), quantile(.9), quantile(.99), quantile(.999), quantile(1));
    const char *comma = "";
    for (int status = 0; status < 600; status++) {
        if (!statuses[status]) continue;
        printf("%s\"%d\": %zu", comma, status, statuses[status]);
        comma = ", ";
    }
    puts("}}");
}

int main(int count, char **arguments) {
    if (count < 7) {
        fprintf(stderr, "usage: reader HOST PORT CONNECTIONS REQUESTS SEED TARGETS [HEADER]...\n");
        return 64;
    }
    host = arguments[1];
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)atoi(arguments[2]));
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) fail("HOST must be an IPv4 address");
    size_t connections = (size_t)atoi(arguments[3]);
    wanted = (size_t)atoll(arguments[4]);
    random_state = (uint64_t)atoll(arguments[5]);
    read_targets(arguments[6]);
    is_ordered = wanted == 0;
    if (is_ordered) wanted = target_count;
    if (connections < 1) connections = 1;
    if (connections > wanted) connections = wanted;
    size_t length = 1;
    for (int i = 7; i < count; i++) length += strlen(arguments[i]) + 2;
    Connection *all = calloc(connections, sizeof *all);
    times = calloc(wanted, sizeof *times);
    headers = calloc(length, 1);
    if (!all || !times || !headers) fail("memory");
    for (int i = 7; i < count; i++) strcat(strcat(headers, arguments[i]), "\r\n");

    poller = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < connections; i++) open_connection(&all[i]);
    uint64_t began = now(), last = began;
    for (size_t i = 0; i < connections; i++) ask(&all[i]);
    struct epoll_event events[256];
    static char buffer[1 << 18];
    while (answered + failed < wanted) {
        size_t before = answered + failed;
        int ready = epoll_wait(poller, events, 256, 1000);
        for (int i = 0; i < ready; i++) {
            Connection *c = events[i].data.ptr;
            flush_out(c);
            ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);
            if (n > 0) take(c, buffer, (size_t)n);
            else if (n == 0 || errno == ECONNRESET) closed(c);
            else if (errno != EAGAIN) fail("recv");
        }
        if (answered + failed > before) last = now();
        else if (now() - last > 30000000000u) {
            fprintf(stderr, "reader: no answer for 30 s; %zu of %zu came\n", answered, wanted);
            return 1;
        }
    }
    report((double)(now() - began) / 1e9);
    return 0;
}
