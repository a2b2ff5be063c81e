"""What is played: each function is one scenario, all run beside each other."""

import asyncio
import os

from player import Player
from world import ask, check, until

FOLDER = os.path.dirname(os.path.abspath(__file__))


def seat(players, world, name, server=None):
    player = Player(name, world.browser, server or world.real)
    players.append(player)
    return player


async def play_on(player, first=1, last=9, place=0, each=None):
    for number in range(first, last + 1):
        await player.in_round(number)
        code = await player.play(place)
        await player.see(f".card.played[data-code={code}], .shown")
        await player.values_are_right(number)
        if each:
            await each(number)


async def two_people_play(world, players):
    ann, bob = seat(players, world, "Ann"), seat(players, world, "Bob")
    await asyncio.gather(ann.arrive(), bob.arrive(360, 740, "dark"))
    for player in (ann, bob):
        await player.name_is(player.name)
        await player.see("#source:has-text('Observatory of Economic Complexity')")
        await player.is_well("lobby")
    check(await ann.page.locator("#made-up").is_hidden(), "real values are not called made up")
    await ann.click("Find an opponent")
    await ann.see("h1:has-text('Looking for an opponent')")
    await ann.is_well("waiting")
    await bob.click("Find an opponent")
    for player in (ann, bob):
        await player.in_round(1)
    world.paired.set()
    check(await ann.hand() == await bob.hand(), "both hold the same cards in the same order")
    check(len(await ann.hand()) == 10, "ten cards")

    async def look(player, number):
        if number == 1:
            await player.is_well("values")
        if number == 2:
            await player.in_round(3)
            await player.is_well("round")
    await asyncio.gather(
        play_on(ann, place=0, each=lambda number: look(ann, number)), play_on(bob, place=1, each=lambda number: look(bob, number))
    )
    shown = await asyncio.gather(ann.ended(), bob.ended())
    check(shown[0] == shown[1][::-1], f"both show the same score: {shown}")
    for player in (ann, bob):
        await player.is_well("end")
    # The server's own record, which it compares with what is claimed.
    ids = [player.last("player_created")["user_id"] for player in (ann, bob)]
    claim = {"player1_id": ids[0], "player2_id": ids[1], "player1_score": shown[0][0], "player2_score": shown[0][1]}
    check((ask(world.real.page + "api/games/result", claim) or {}).get("success") is True, "the server keeps that result")
    await ann.click("To the start")
    await ann.see(".identity:has-text('of 1')")


async def keyboard_against_the_computer(world, players):
    cyd = seat(players, world, "Cyd")
    await cyd.arrive(360, 740, motion="reduce")
    await world.paired.wait()
    press = cyd.page.keyboard.press

    async def tab_to(text):
        for _ in range(25):
            at = await cyd.focused()
            if at["text"] == text:
                check(at["isVisible"], f"the focus on {text} is visible")
                return
            await press("Tab")
        check(False, f"Tab does not come to {text}")

    await press("Tab")
    check((await cyd.focused())["text"] == "Skip to the game", "the first stop skips to the game")
    for _ in range(3):
        await press("Tab")
    check((await cyd.focused())["tag"] == "INPUT", "then comes the name")
    await cyd.page.keyboard.type("Cyd 3")
    await tab_to("Play the computer")
    await press("Enter")
    for number in range(1, 10):
        await cyd.in_round(number)
        hand = await cyd.hand()
        check(len(hand) == 11 - number, f"round {number}: {len(hand)} cards")
        at = await until(lambda: on_card(cyd), f"round {number}: the focus goes to the cards", 5)
        check(at["code"] == hand[0] and at["isVisible"], f"round {number}: the focus is on the first card, seen: {at}")
        if number == 1:
            await cyd.is_well("round")
            for key, place in (("ArrowRight", 1), ("ArrowDown", 3), ("ArrowLeft", 2), ("ArrowUp", 0), ("ArrowUp", 0), ("End", 9), ("Home", 0)):
                await press(key)
                check((await cyd.focused())["code"] == hand[place], f"{key} goes to card {place + 1}")
        await cyd.said(f"Round {number} of 9")
        await press("ArrowRight")
        await press("Enter")
        await cyd.see(".shown", 10)
        check((await until(lambda: on_verdict(cyd), "the focus goes to the verdict", 5))["isVisible"], "that focus is visible")
        await cyd.values_are_right(number)
        if number == 1:
            await cyd.is_well("values")
            await cyd.said("You played ")
            await cyd.said("The score is ")
    await cyd.ended()
    check((await cyd.focused())["tag"] == "H1", "the focus goes to the result")
    await cyd.said("The game is over.")
    await cyd.is_well("end")
    await tab_to("Play again")
    await press("Enter")
    await cyd.in_round(1)
    await tab_to("Give up")
    await press("Enter")
    await until(lambda: focus_is(cyd, "Play on"), "the question has the focus")
    await press("Escape")
    await tab_to("Give up")
    await press("Enter")
    await until(lambda: focus_is(cyd, "Play on"), "the question has the focus")
    await press("Tab")
    await press("Enter")
    await cyd.see("h1:has-text('The game is over')")


async def on_card(player):
    at = await player.focused()
    return at if at["code"] else None


async def on_verdict(player):
    at = await player.focused()
    return at if "verdict" in at["kind"] else None


async def focus_is(player, text):
    return (await player.focused())["text"] == text


async def reload_and_return(world, players):
    dan, eve = seat(players, world, "Dan"), seat(players, world, "Eve")
    await dan.arrive()
    await dan.name_is("Dan")
    await dan.click("Invite a friend")
    code = await dan.text(".room-code")
    await dan.is_well("room")
    link = await dan.page.get_by_label("Link to the room").input_value()
    check(link == dan.server.page + "?room=" + code, f"the link leads to the room: {link}")
    await eve.arrive(390, 800, query="?room=" + code)
    await eve.see(".invitation")
    await eve.is_well("invitation")
    await eve.name_is("Eve")
    await eve.click("Join your friend")
    await asyncio.gather(play_on(dan, 1, 1, place=0), play_on(eve, 1, 1, place=-1))

    async def as_before(what):
        await eve.in_round(2)
        check(await eve.hand() == hand, f"{what}: the same hand")
        check(await eve.score() == score, f"{what}: the same score")

    await eve.in_round(2)
    hand, score = await eve.hand(), await eve.score()
    check(len(hand) == 9, "nine cards are left")
    await eve.page.reload()
    await as_before("after a reload")
    await eve.said("You are back in the game.")
    await dan.said("Eve lost the connection.")
    await dan.said("Eve is back.")
    check(await eve.page.locator(".pips .won, .pips .lost, .pips .tied").count() == 1, "the first round is still shown")

    # The connection breaks, and comes back by itself.
    await eve.page.evaluate("watched.sockets.at(-1).close()")
    await eve.said("Connection lost.")
    await as_before("after a lost connection")
    await until(lambda: eve.page.locator(".notices").is_hidden(), "nothing speaks of a lost connection")

    # The tab is closed, another opened.
    await eve.page.close()
    await dan.see(".clock:has-text('Eve lost the connection')")
    await dan.is_well("opponent away")
    await eve.open()
    await eve.click("Return to your game")
    await as_before("in another tab")
    first = eve.page
    await eve.open()
    await eve.click("Return to your game")
    await as_before("in a second tab")
    await first.get_by_text("You play in another tab or window.").wait_for()
    await eve.page.close()
    eve.page = first
    await eve.click("Play here instead")
    await as_before("back in the first tab")

    # A card that is down is still down after a reload.
    played = await eve.play(2)
    await eve.see(f".card.played[data-code={played}]")
    await eve.page.reload()
    await eve.see(f".card.played[data-code={played}]")
    check(await eve.page.locator(".card:not([aria-disabled])").count() == 0, "no second card can be played")
    await dan.in_round(2)
    await dan.play(0)
    await asyncio.gather(dan.values_are_right(2), eve.see(".shown"))

    await asyncio.gather(dan.in_round(3), eve.in_round(3))
    await dan.page.get_by_role("button", name="Give up", exact=True).first.click()
    await dan.is_well("question")
    await dan.page.locator("dialog").get_by_role("button", name="Give up", exact=True).click()
    await dan.see("h1:has-text('You lose')")
    await eve.see("h1:has-text('You win')")
    check(await eve.text(".final") == "9 : 0", "a game that was given up is won 9 to 0")
    await eve.said("Dan gave up.")
    for player in (dan, eve):
        await player.click("Play again")
    await asyncio.gather(dan.in_round(1), eve.in_round(1))
    check(dan.last("game_found")["game_id"] == eve.last("game_found")["game_id"], "friends meet again in their room")


async def values_made_up(world, players):
    fay = seat(players, world, "Fay", world.made_up)
    await fay.arrive(360, 740, "dark")
    await fay.see("#made-up:has-text('All values are made up.')")
    await fay.said("made up")
    await fay.is_well("lobby with made-up values")
    await fay.name_is("Fay")
    await fay.click("Play the computer")
    await fay.in_round(1)
    await fay.see("#made-up")
    await fay.play()
    await fay.values_are_right(1)
    await fay.see(".origin.made-up:has-text('Made-up values')")
    await fay.said("The values of this round are made up.")
    await fay.is_well("made-up values")
    world.made_up.mend()
    await fay.said("Real trade values have arrived.")
    await until(lambda: fay.page.locator("#made-up").is_hidden(), "nothing is called made up any longer")

    # The server is killed in mid-round, and the game goes on.
    fay.allowed = ["WebSocket connection to"]
    await fay.see("h1.round:not(:has-text('Round 1 '))")
    game, score = fay.last("game_found")["game_id"], await fay.score()
    await world.made_up.restart()
    await fay.said("Connection lost.")
    await fay.said("You are back in the game.")
    check(fay.last("game_state")["game_id"] == game, "it is the same game")
    told = [player["score"] for player in fay.last("game_state")["players"]]
    check(await fay.score() == told and sum(told) >= sum(score), f"the score is kept: {score}, then {told}")
    await fay.see(".card:not([aria-disabled])")
    await fay.play()
    await fay.see(".shown")


async def no_values_at_all(world, players):
    joe, kim = seat(players, world, "Joe", world.empty), seat(players, world, "Kim", world.empty)
    await asyncio.gather(joe.arrive(), kim.arrive(360, 740))
    await joe.see("#source:has-text('No trade values have been received yet.')")
    await joe.click("Find an opponent")
    await kim.click("Play the computer")
    for player in (joe, kim):
        await player.see(".fault:has-text('You keep your place')")
        await player.said("There are no trade values to play with yet.")
    await joe.is_well("no values")
    world.empty.mend()
    await kim.in_round(1)
    await kim.see(".side.theirs:has-text('Computer')")
    await joe.see("h1:has-text('Looking for an opponent')")
    await joe.click("Play the computer")
    await joe.in_round(1)


async def words_for_what_goes_wrong(world, players):
    await world.paired.wait()
    gil = seat(players, world, "Gil")
    # A browser logs every answer that is an error.
    gil.allowed = ["status of 400", "status of 404"]
    await gil.arrive()
    await gil.name_is("<script>")
    await gil.click("Invite a friend")
    await gil.see(".fault:has-text('letters, numbers, and spaces')")
    check(await focus_name(gil), "the focus goes to the name")
    await gil.is_well("wrong name")
    await gil.name_is("Gil")
    await gil.click("Join")
    await gil.see(".fault:has-text('Type the code')")
    await gil.page.get_by_label("Code of a friend").fill("zzzzz9")
    await gil.click("Join")
    await gil.see(".fault:has-text('Room not found or expired')")
    await gil.said("Room not found or expired")
    await gil.page.get_by_role("link", name="Leaderboard").click()
    await gil.see("h1:has-text('Leaderboard')")
    await until(lambda: gil.page.locator(".leaders .lead:has-text('three games')").count(), "the leaderboard is read")
    await gil.is_well("leaderboard")
    await gil.page.go_back()
    await gil.see("h1:has-text('Who exports more?')")
    await gil.click("Invite a friend")
    await gil.see(".room-code")
    await gil.click("Stop waiting")
    await gil.see("h1:has-text('Who exports more?')")
    # Nobody comes: the computer is offered again.
    await gil.click("Find an opponent")
    # Whoever wants the computer is not seated with somebody who waits.
    hal = seat(players, world, "Hal")
    await hal.arrive(360, 740)
    await hal.click("Play the computer")
    await hal.in_round(1)
    await hal.see(".side.theirs:has-text('Computer')")
    await gil.see("h1:has-text('Looking for an opponent')")
    await gil.said("Nobody has come yet.")
    await gil.see(".urgent button:has-text('Play the computer')")
    await gil.is_well("nobody has come")
    await gil.click("Play the computer")
    await gil.in_round(1)
    await gil.see(".side.theirs:has-text('Computer')")
    # Who does nothing has a card played by the clock.
    await gil.said("5 seconds left.")
    await gil.said("Time is up. A card was played for you.")
    await gil.see(".shown")


async def focus_name(player):
    return await player.page.evaluate("document.activeElement.id === 'name' && document.activeElement.getAttribute('aria-invalid') === 'true'")


async def decisions_of_the_page(world, players):
    ida = seat(players, world, "Ida")
    await ida.arrive()
    with open(f"{FOLDER}/state_checks.js") as file:
        wrong = await ida.page.evaluate(file.read())
    check(not wrong, f"state_checks.js: {wrong}")


ALL = {
    "two people play": two_people_play,
    "the keyboard against the computer": keyboard_against_the_computer,
    "reload and return": reload_and_return,
    "values made up": values_made_up,
    "no values at all": no_values_at_all,
    "words for what goes wrong": words_for_what_goes_wrong,
    "decisions of the page": decisions_of_the_page,
}
