"""The agent against a loopback endpoint: whatever the model does, the user gets a verified answer or a marked one."""

from pathlib import Path

import anthropic
import pytest

from infra_maintainer.agents.advice import Advice
from infra_maintainer.agents.advise import advise
from infra_maintainer.agents.budget import Budget, Prices
from infra_maintainer.tools.kit import Kit
from tests.agents.scripted import Change, honest_answer, inventing, probing_then, rosy, submitting, swapping
from tests.answer.kept import full_disk
from tests.requirements_link import requirement
from tests.services.messages_endpoint import Endpoint, Reply, Request, Script, call, results_of, serving, text, words_of

pytestmark = pytest.mark.anyio
QUESTION = "Is web-1 healthy? Our dashboard says the disk is 40 % full."
PRICES = Prices(input=3.0, output=15.0)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """A recorded world whose disk is 91 % full."""
    return full_disk(tmp_path)


async def ask(kit: Kit, script: Script, budget: Budget | None = None, wait_s: float = 20.0) -> tuple[Advice, Endpoint]:
    """One question to the agent, with the real SDK client over a real socket."""
    with serving(script) as endpoint:
        async with anthropic.AsyncAnthropic(base_url=endpoint.url, api_key="test", max_retries=0) as client:
            advice = await advise(
                QUESTION, kit=kit, client=client, budget=budget, prices=PRICES, request_timeout_s=wait_s
            )
    return advice, endpoint


@requirement("honesty.verify", "card.use_subagent")
async def test_an_honest_model_gives_a_verified_answer_and_its_costs_are_counted(kit: Kit) -> None:
    """Two turns of 100 tokens in and 20 out at 3 and 15 USD per million."""
    advice, endpoint = await ask(kit, submitting(kit, None))
    assert (advice.status, advice.ended, advice.repairs) == ("verified", "answered", 0)
    assert advice.verification is not None and advice.verification.holds
    assert "91 %" in advice.text and "~~" not in advice.text
    assert advice.usage.turns == 2
    assert advice.usage.usd == pytest.approx((200 * 3 + 40 * 15) / 1e6)
    assert len(endpoint.requests) == 2


async def test_each_request_is_whole_and_the_system_prompt_is_cached(kit: Kit) -> None:
    """Stateless: the second request carries tools, system and the whole conversation, so any endpoint can serve it."""
    _, endpoint = await ask(kit, submitting(kit, None))
    for request in endpoint.requests:
        assert {"probe_health", "submit_answer"} <= {tool["name"] for tool in request["tools"]}
        assert "verify_answer" not in {tool["name"] for tool in request["tools"]}
        assert request["system"][0]["cache_control"] == {"type": "ephemeral"}
        assert request["messages"][0]["content"] == QUESTION
        assert "thread" not in request
    assert len(endpoint.requests[1]["messages"]) == 3


@pytest.mark.parametrize("lie", [inventing, swapping, rosy])
async def test_a_draft_that_does_not_hold_is_sent_back_and_the_repaired_one_is_verified(kit: Kit, lie: Change) -> None:
    """The model is told what to repair, and does."""
    advice, endpoint = await ask(kit, submitting(kit, lie, None))
    assert (advice.status, advice.repairs) == ("verified", 1)
    sent_back = results_of(endpoint.requests[2])[-1]
    assert sent_back["is_error"] is True
    assert "Repair exactly this" in words_of(sent_back)


@pytest.mark.parametrize("lie", [inventing, swapping, rosy])
async def test_after_two_repairs_what_does_not_hold_is_struck_out_and_shown(kit: Kit, lie: Change) -> None:
    """Never quietly dropped: the number or verdict is visible, marked, with its reason."""
    advice, endpoint = await ask(kit, submitting(kit, lie))
    assert (advice.status, advice.ended, advice.repairs) == ("marked", "answered", 2)
    assert "~~" in advice.text and "Not verified" in advice.text
    assert advice.text.startswith("**Verdict: degraded**")
    assert len(endpoint.requests) == 4


@requirement("persona.no_green_on_demand")
async def test_a_rosy_verdict_is_shown_struck_out_beside_the_measured_one(kit: Kit) -> None:
    """The colour is not the model's to choose."""
    advice, _ = await ask(kit, submitting(kit, rosy))
    assert "~~healthy~~" in advice.text
    assert advice.verdict == "degraded"


async def test_a_model_that_never_stops_is_stopped_by_the_budget_of_turns(kit: Kit) -> None:
    """What was measured is the answer."""
    script = probing_then(lambda request, turn: Reply([call("probe_health", {}, number=turn + 1)]))
    advice, endpoint = await ask(kit, script, Budget(turns=3))
    assert (advice.status, advice.ended) == ("reports_only", "budget")
    assert "3 turns" in advice.why and "91 %" in advice.text
    assert len(endpoint.requests) == 3


async def test_a_budget_in_money_ends_the_conversation(kit: Kit) -> None:
    """Each turn claims 100,000 tokens at 3 USD per million."""
    script = probing_then(lambda request, turn: Reply([call("probe_health", {}, turn + 1)], input_tokens=100_000))
    advice, _ = await ask(kit, script, Budget(usd=0.5, tokens=10**7))
    assert advice.ended == "budget" and "USD" in advice.why
    assert advice.usage.usd is not None and 0.5 <= advice.usage.usd < 0.9


async def test_a_budget_in_tokens_ends_the_conversation(kit: Kit) -> None:
    """The second turn passes it."""
    script = probing_then(lambda request, turn: Reply([call("probe_health", {}, turn + 1)], input_tokens=900))
    advice, endpoint = await ask(kit, script, Budget(tokens=1000))
    assert advice.ended == "budget" and "tokens" in advice.why
    assert len(endpoint.requests) == 2


async def test_a_malformed_draft_is_explained_and_repaired(kit: Kit) -> None:
    """A structure of another shape is sent back with the fields at fault."""

    def second(request: Request, turn: int) -> Reply:
        answer = {"verdict": "splendid"} if turn == 1 else honest_answer(request, kit)
        return Reply([call("submit_answer", answer, turn + 1)])

    advice, endpoint = await ask(kit, probing_then(second))
    assert (advice.status, advice.repairs) == ("verified", 1)
    assert "verdict" in words_of(results_of(endpoint.requests[2])[-1])


async def test_a_model_that_only_sends_malformed_drafts_leaves_the_measurements(kit: Kit) -> None:
    """Three bad shapes close the gate; nothing of them is shown as an answer."""
    script = probing_then(lambda request, turn: Reply([call("submit_answer", {"verdict": "splendid"}, turn + 1)]))
    advice, _ = await ask(kit, script)
    assert advice.status == "reports_only"
    assert "splendid" not in advice.text and "91 %" in advice.text


async def test_tool_input_that_is_no_json_is_survived(kit: Kit) -> None:
    """The wire carries half a JSON object."""
    broken = {**call("submit_answer", {}, 2), "raw_json": '{"verdict": "degr'}
    advice, _ = await ask(kit, probing_then(lambda request, turn: Reply([broken])))
    assert advice.status == "reports_only"
    assert "91 %" in advice.text


async def test_a_model_that_answers_in_prose_is_asked_once_more_and_then_marked(kit: Kit) -> None:
    """Its text is shown as not verified, with the numbers that do not hold struck out."""
    script = probing_then(lambda request, turn: Reply([text("All fine: CPU is at 12 %, the disk is 91 % full.")]))
    advice, endpoint = await ask(kit, script)
    assert (advice.status, advice.ended) == ("reports_only", "no_answer")
    assert "~~12 %~~" in advice.text and "~~91 %~~" not in advice.text
    assert "submit_answer" in str(endpoint.requests[-1]["messages"][-1])


@pytest.mark.parametrize("said", ['{"verdict": "splendid"}', "7 8 " * 900])
async def test_a_model_that_types_what_cannot_be_checked_leaves_the_measurements(kit: Kit, said: str) -> None:
    """A structure of another shape as text, and a dump of numbers."""
    advice, _ = await ask(kit, probing_then(lambda request, turn: Reply([text(said)])))
    assert (advice.status, advice.ended) == ("reports_only", "no_answer")
    assert "Nothing that can be checked" in advice.text and "91 %" in advice.text


async def test_a_refusing_model_leaves_what_the_measurements_say(kit: Kit) -> None:
    """It refuses before any tool was called: health is measured without it."""
    advice, _ = await ask(kit, lambda request: Reply([text("I cannot help.")], stop_reason="refusal"))
    assert (advice.status, advice.ended) == ("reports_only", "refused")
    assert "91 %" in advice.text and advice.reports


@pytest.mark.parametrize(
    ("status", "ended"), [(529, "overloaded"), (429, "overloaded"), (500, "error"), (401, "error")]
)
async def test_an_endpoint_that_answers_with_an_error_leaves_the_measurements(
    kit: Kit, status: int, ended: str
) -> None:
    """Overloaded is told apart from other errors."""
    advice, _ = await ask(kit, lambda request: status)
    assert (advice.status, advice.ended) == ("reports_only", ended)
    assert str(status) in advice.why and "91 %" in advice.text


async def test_an_endpoint_that_is_overloaded_after_a_draft_leaves_the_marked_draft(kit: Kit) -> None:
    """The draft that was sent back stays, struck out where it does not hold."""

    def second(request: Request, turn: int) -> Reply | int:
        answer = honest_answer(request, kit)
        inventing(answer)
        return Reply([call("submit_answer", answer, turn + 1)]) if turn == 1 else 529

    advice, _ = await ask(kit, probing_then(second))
    assert (advice.status, advice.ended) == ("marked", "overloaded")
    assert "~~12.3 %~~" in advice.text


async def test_a_slow_endpoint_ends_at_the_request_timeout(kit: Kit) -> None:
    """Half a second is waited, not the endpoint's thirty."""
    advice, _ = await ask(kit, lambda request: Reply([text("...")], wait_s=30), wait_s=0.5)
    assert (advice.status, advice.ended) == ("reports_only", "timeout")
    assert "0.5 s" in advice.why


async def test_a_reply_cut_off_in_mid_stream_counts_its_tokens_and_leaves_the_measurements(kit: Kit) -> None:
    """The connection closes after three events of the second reply."""
    script = probing_then(lambda request, turn: Reply([text("The disk is nearly full.")], cut_after_events=3))
    advice, _ = await ask(kit, script)
    assert (advice.status, advice.ended) == ("reports_only", "cut_off")
    assert advice.usage.input == 200 and advice.usage.usd is not None


async def test_nobody_at_the_address_is_told_as_unreachable(kit: Kit) -> None:
    """A port where nothing listens."""
    async with anthropic.AsyncAnthropic(base_url="http://127.0.0.1:9", api_key="test", max_retries=0) as client:
        advice = await advise(QUESTION, kit=kit, client=client, request_timeout_s=5)
    assert (advice.status, advice.ended) == ("reports_only", "unreachable")
    assert advice.usage.usd is None


async def test_a_failing_tool_is_disclosed_or_the_draft_does_not_hold(kit: Kit) -> None:
    """The failed call gets an id; a draft that hides it is sent back, one that lists it is verified."""
    turns = [0]

    def script(request: Request) -> Reply:
        turns[0] += 1
        if turns[0] == 1:
            return Reply([call("explain_evidence", {"ids": ["ev_0000000000"]}), call("probe_health", {}, 2)])
        answer = honest_answer(request, kit)
        if turns[0] == 3:
            answer["failed_evidence"] = ["ev1"]
        return Reply([call("submit_answer", answer, turns[0] + 5)])

    advice, endpoint = await ask(kit, script)
    assert (advice.status, advice.repairs) == ("verified", 1)
    assert "tool_failures_disclosed" in words_of(results_of(endpoint.requests[2])[-1])
    assert "ev1 was not obtained" in advice.text


async def test_the_transcript_holds_question_calls_and_results(kit: Kit) -> None:
    """For audits: nothing that was said is missing."""
    advice, _ = await ask(kit, submitting(kit, None))
    assert [message["role"] for message in advice.transcript] == ["user", "assistant", "user", "assistant", "user"]
    assert "submit_answer" in str(advice.transcript[3])


async def test_money_without_prices_and_empty_questions_are_refused(kit: Kit) -> None:
    """A bound that cannot be kept is no bound."""
    async with anthropic.AsyncAnthropic(base_url="http://127.0.0.1:9", api_key="test") as client:
        with pytest.raises(ValueError, match="prices"):
            await advise(QUESTION, kit=kit, client=client, budget=Budget(usd=1))
        with pytest.raises(ValueError, match="empty"):
            await advise("  ", kit=kit, client=client)
