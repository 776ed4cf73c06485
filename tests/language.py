"""Phrases that no text of ours may hold, because readers stumble over them."""

import re

BANNED = [
    r"t(?:old|ell) (?:them |it )?apart",
    r"like with like",
    r"counts? for nothing",
    r"would (?:probably )?decide",
    r"is little beside",
    r"would do less",
    r"that tell it",
    r"says? nothing, it is all",
    r"server that says nothing",
    r"by the figures alone",
    r"does not tell",
    r"dearest",
    r"(?:leave|left) \S* ?away",
    r"found in memory what",
    r"most arrivals within",
    r"hides a part",
    r"as (?:they|it) comes?\b",
    r"whatever serves",
    r"drift of the machine meets",
    r"leaves 1 out",
    r"held the objective against",
    r"rate that was tried",
    r"fair one",
    r"what does not count",
    r"better in both: some",
    r"machines (?:do|are) not compar",
    r"ha(?:s|d) not what",
    r"is no (?:load|time|number of|baseline|objective|list)\b",
    r"all the same\b",
    r"the TensorFlow Serving",
    r"\bbehind (?:the )?(?:Flask|TorchServe|TensorFlow|embedded)",
    r"\b1 (?:endpoints|callers|models|rounds|starts|slices|points|contenders|others|cores|workers|lines|deployments)\b",
    r"\b0\.0\d* ?(?:times|×)",
    r"anew\b",
]
_BANNED = re.compile("|".join(f"(?:{phrase})" for phrase in BANNED), re.IGNORECASE)


def stumbles(text: str) -> list[str]:
    """Each banned phrase in the text, with some words around it."""
    plain = " ".join(text.split())
    return [plain[max(0, m.start() - 40) : m.end() + 40] for m in _BANNED.finditer(plain)]
