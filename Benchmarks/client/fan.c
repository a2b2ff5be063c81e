// fan PROTOCOL PORT SUBSCRIBERS MESSAGES RATE SIZE [TOKEN]
// Connects SUBSCRIBERS over PROTOCOL (ws, sse, nats, redis) and says "ready". With MESSAGES above 0 it waits for a line, publishes
// so many of SIZE bytes, RATE a second (0: as fast as they are taken) over a connection of its own, counts what arrives and how
// long it took from the first publish, and prints that as JSON. With 0 it keeps the connections until its input ends.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { STEP = 10, STEPS = 3000000, TAIL = 63, PATIENCE = 30 };
typedef struct { int fd; int fill; char tail[TAIL + 1]; } subscriber;

static const char *protocol, *token = "";
static int port;
static long count, rate, size;
static unsigned histogram[STEPS + 1];
static char input[1 << 18];
static _Atomic long began;

static long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static void stop(const char *what) {
    fprintf(stderr, "fan: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int is(const char *name) { return !strcmp(protocol, name); }

static int dial(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (fd < 0 || connect(fd, (void *)&address, sizeof address)) stop("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void put(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0) stop("send");
        bytes += sent;
        length -= sent;
    }
}

// Reads until a word was seen.
static void await(int fd, const char *word) {
    static __thread char text[1 << 16];
    size_t fill = 0;
    for (;;) {
        ssize_t got = recv(fd, text + fill, sizeof text - 1 - fill, 0);
        if (got <= 0) stop(word);
        fill += got;
        text[fill] = 0;
        if (memmem(text, fill, word, strlen(word))) return;
        if (fill > sizeof text / 2) fill = 0;
    }
}

// A masked text frame; a mask of zeros leaves the bytes as they are.
static size_t frame(char *out, const char *text, size_t length) {
    size_t head = 2;
    out[0] = (char)0x81;
    if (length < 126) out[1] = (char)(0x80 | length);
    else {
        out[1] = (char)(0x80 | 126);
        out[2] = (char)(length >> 8);
        out[3] = (char)length;
        head = 4;
    }
    memset(out + head, 0, 4);
    memcpy(out + head + 4, text, length);
    return head + 4 + length;
}

static int open_socket(void) {
    char text[1024];
    int fd = dial();
    int length = snprintf(text, sizeof text,
        "GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n%s%s%s\r\n",
        port, *token ? "Authorization: Bearer " : "", token, *token ? "\r\n" : "");
    put(fd, text, length);
    await(fd, "hello");
    return fd;
}

static int subscribe(void) {
    char text[512];
    int fd;
    if (is("ws")) {
        const char *wish = "{\"op\":\"subscribe\",\"id\":\"s\",\"topics\":[\"custom.bench\"]}";
        fd = open_socket();
        put(fd, text, frame(text, wish, strlen(wish)));
        await(fd, "subscribed");
        return fd;
    }
    fd = dial();
    if (is("sse")) {
        int length = snprintf(text, sizeof text,
            "GET /v1/events?topic=custom.bench HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s%s%s\r\n", port,
            *token ? "Authorization: Bearer " : "", token, *token ? "\r\n" : "");
        put(fd, text, length);
        await(fd, "retry:");
    } else if (is("nats")) {
        const char *wish = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB bench 1\r\nPING\r\n";
        put(fd, wish, strlen(wish));
        await(fd, "PONG");
    } else {
        const char *wish = "SUBSCRIBE bench\r\n";
        put(fd, wish, strlen(wish));
        await(fd, ":1");
    }
    return fd;
}

// What comes back to the publisher is read and forgotten.
static void drain(int fd) {
    static char text[1 << 16];
    while (recv(fd, text, sizeof text, MSG_DONTWAIT) > 0) {}
}

static void *publish(void *unused) {
    (void)unused;
    char *payload = malloc(size + 64), *message = malloc(size + 512), *framed = malloc(size + 600);
    int fd = is("ws") || is("sse") ? open_socket() : dial();
    if (is("nats")) {
        const char *hello = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nPING\r\n";
        put(fd, hello, strlen(hello));
        await(fd, "PONG");
    }
    began = now();
    for (long index = 0; index < count; index++) {
        if (rate > 0) {
            long due = began + index * 1000000L / rate;
            for (long left = due - now(); left > 0; left = due - now()) usleep(left);
        }
        int head = snprintf(payload, size, "{\"t\":%ld,\"n\":%ld,\"fill\":\"", now(), index);
        memset(payload + head, 'x', size - head - 2);
        memcpy(payload + size - 2, "\"}", 3);
        if (is("nats")) {
            put(fd, message, snprintf(message, size + 512, "PUB bench %ld\r\n%s\r\n", size, payload));
        } else if (is("redis")) {
            put(fd, message, snprintf(message, size + 512,
                "*3\r\n$7\r\nPUBLISH\r\n$5\r\nbench\r\n$%ld\r\n%s\r\n", size, payload));
        } else {
            size_t length = snprintf(message, size + 512,
                "{\"op\":\"publish\",\"id\":\"p\",\"type\":\"custom.bench\",\"data\":%s}", payload);
            put(fd, framed, frame(framed, message, length));
        }
        drain(fd);
    }
    for (;;) {
        drain(fd);
        usleep(1000);
    }
    return NULL;
}

static long take(subscriber *who, long *closed) {
    int keep = who->fill;
    memcpy(input, who->tail, keep);
    ssize_t got = recv(who->fd, input + keep, sizeof input - keep, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) {
            close(who->fd);
            who->fd = -1;
            ++*closed;
        }
        return 0;
    }
    long time = now(), found = 0;
    char *place = input, *end = input + keep + got;
    if (is("nats") && memmem(input, end - input, "PING\r\n", 6)) put(who->fd, "PONG\r\n", 6);
    while ((place = memmem(place, end - place, "{\"t\":", 5))) {
        char *comma = memchr(place + 5, ',', end - place - 5);
        if (!comma) break;
        long step = (time - strtol(place + 5, NULL, 10)) / STEP;
        histogram[step < 0 ? 0 : step < STEPS ? step : STEPS]++;
        found++;
        place = comma;
    }
    // A marker may be cut.
    long left = place ? end - place : 0;
    if (!place) {
        for (int cut = 4; cut > 0; cut--) {
            if (end - input >= cut && !memcmp(end - cut, "{\"t\":", cut)) {
                left = cut;
                break;
            }
        }
    }
    if (left > TAIL) left = TAIL;
    memcpy(who->tail, end - left, left);
    who->fill = left;
    return found;
}

static long percentile(long total, double share) {
    long seen = 0;
    for (long step = 0; step <= STEPS; step++) {
        seen += histogram[step];
        if (seen > total * share) return step * STEP;
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 7) {
        fprintf(stderr, "usage: fan ws|sse|nats|redis PORT SUBSCRIBERS MESSAGES RATE SIZE [TOKEN]\n");
        return 64;
    }
    protocol = argv[1];
    port = atoi(argv[2]);
    int subscribers = atoi(argv[3]);
    count = atol(argv[4]);
    rate = atol(argv[5]);
    size = atol(argv[6]);
    if (argc > 7) token = argv[7];
    struct rlimit files = {0};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    subscriber *all = calloc(subscribers, sizeof *all);
    int poll = epoll_create1(0);
    for (int index = 0; index < subscribers; index++) {
        all[index].fd = subscribe();
        fcntl(all[index].fd, F_SETFL, O_NONBLOCK);
        struct epoll_event wish = {.events = EPOLLIN, .data.u32 = index};
        epoll_ctl(poll, EPOLL_CTL_ADD, all[index].fd, &wish);
    }
    printf("ready\n");
    fflush(stdout);
    char line[16];
    if (count == 0) {
        while (fgets(line, sizeof line, stdin)) {}
        return 0;
    }
    if (!fgets(line, sizeof line, stdin)) return 1;
    pthread_t publisher;
    pthread_create(&publisher, NULL, publish, NULL);
    long total = 0, closed = 0, last = now(), expected = (long)subscribers * count;
    struct epoll_event events[512];
    while (total < expected && now() - last < PATIENCE * 1000000L) {
        int ready = epoll_wait(poll, events, 512, 200);
        for (int index = 0; index < ready; index++) {
            subscriber *who = &all[events[index].data.u32];
            if (who->fd < 0) continue;
            long found = take(who, &closed);
            if (found == 0) continue;
            last = now();
            total += found;
        }
    }
    double seconds = (last - began) / 1e6;
    printf("{\"delivered\":%ld,\"expected\":%ld,\"closed\":%ld,\"seconds\":%.4f,\"per_second\":%.0f,"
           "\"p50_us\":%ld,\"p99_us\":%ld}\n",
        total, expected, closed, seconds, seconds > 0 ? total / seconds : 0, percentile(total, 0.5),
        percentile(total, 0.99));
    return 0;
}
