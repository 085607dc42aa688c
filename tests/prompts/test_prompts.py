"""The prompts: sizes, one place for each rule, and nothing cited that does not exist."""

import re
from importlib import resources

import pytest

from infra_maintainer.answer.vocabulary import vocabulary
from infra_maintainer.assess.policy import baseline
from infra_maintainer.prompts.loader import agent, compose, instructions, jobs, persona
from tests.requirements_link import requirement

FILES = {
    each.name: each.read_text(encoding="utf-8")
    for each in resources.files("infra_maintainer.prompts").iterdir()
    if each.name.endswith(".md")
}


def test_instructions_fit_what_hosts_show_and_carry_persona_and_routing() -> None:
    """Hosts cut at 2,000 characters; tools are deferred, so the names must stand there."""
    text = instructions()
    assert len(text) < 2000
    assert persona().strip() in text
    tools = ("probe_health", "draft_capacity_plan", "audit_costs", "check_security_baseline", "run_dr_checklist")
    for tool in (*tools, "explain_evidence", "verify_answer"):
        assert tool in text


@pytest.mark.parametrize("job", [job.name for job in jobs()])
def test_a_prompt_is_the_persona_then_its_order_of_work_then_the_question(job: str) -> None:
    """Composed once, at most 3,500 characters without the question, without holes left in it."""
    text = compose(job, "why is it slow?")
    assert text.startswith(persona())
    assert text.endswith("The question: why is it slow?")
    assert len(compose(job)) <= 3500
    assert not re.search(r"\{\w*\}|TODO|\[\[", text)


@requirement("card.prompts")
def test_there_is_a_prompt_for_each_job_and_each_request_of_the_persona() -> None:
    """Five jobs; slow application, going viral, costs, alerting."""
    assert {job.name for job in jobs()} == {
        "health", "capacity", "costs", "security", "recovery",
        "slow_application", "going_viral", "costs_squeeze", "alerting",
    }  # fmt: skip


@requirement("persona.identity")
def test_one_persona_speaks_everywhere_and_asks_first_what_users_feel() -> None:
    """Instructions, every prompt and the agent begin with the same words."""
    first = "You are the infrastructure maintainer. Your first question is what users feel"
    for text in (instructions(), agent(), *(compose(job.name) for job in jobs())):
        assert text.startswith(first)


def test_no_rule_stands_twice() -> None:
    """Two copies of a rule drift: no run of eight words occurs in two files or twice in one."""
    seen: dict[str, str] = {}
    for name, text in FILES.items():
        words = re.findall(r"[a-z']+", text.partition("Work in this order:")[2].lower() or text.lower())
        for start in range(len(words) - 7):
            run = " ".join(words[start : start + 8])
            assert run not in seen, f"{name} and {seen.get(run)}: {run!r}"
            seen[run] = name


def test_policy_ids_and_verbs_that_prompts_cite_exist() -> None:
    """A prompt that names a rule or an action of another version would teach refused answers."""
    for name, text in FILES.items():
        for cited in re.findall(r"\b(?:health|capacity|costs|security|recovery)\.[a-z0-9_.]+[a-z0-9]\b", text):
            assert cited in baseline(), f"{name} cites {cited}"
        for word in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", text):
            verb = vocabulary().verb(word)
            assert verb is None or verb.forbidden is None, f"{name} cites {word}"
    assert "a verb of the schema" in FILES["filling.md"]  # a list here would be a second one, and drift


def test_an_unknown_prompt_is_refused_with_the_known_names() -> None:
    """The error is the way on."""
    with pytest.raises(ValueError, match="health"):
        compose("horoscope")
