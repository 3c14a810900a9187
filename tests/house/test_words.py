"""What no text of the project says."""

import re
from collections.abc import Iterator

from tests.house.tree import Source, faults, holds, joined, sample, texts

OTHER_WORK = re.compile(
    joined(
        r"\biss~ues?[\s#/-]*\d|\bthis iss~ue\b|\biss~ue tracker\b|\btick~ets?\b|\bsub-?age~nts?\b"
        r"|\b(coding|helper) age~nts?\b|\blanguage mod~els?\b|(?<![\w.])(?-i:A~I|L~LMs?)\b"
        r"|\b(this|work|coding) sess~ion\b|\bsess~ions? of work\b|\bthe le~ad\b(?! (guest|time))"
    ),
    re.IGNORECASE,
)
MACHINE = re.compile(joined(r"(?<![\w.])/(ro~ot|wo~rk|Us~ers|t~mp|var/t~mp|ho~me)/"))
# A folder that outlives nothing, whose owner and mode are looked at before it is used.
ALLOWED_PLACES = {("cli/postgres.py", joined("/var/t~mp/"))}
URL = re.compile(r"\b[a-z][a-z0-9+.-]*://(?:[^\s/@\"'<>`]*@)?([^\s/:\"'<>`)\\?#|,;]*)", re.IGNORECASE)
E_MAIL = re.compile(r"(?<![\w/:.])[\w.+-]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)\b")
# Hosts that a text may name, and why.
HOSTS = {
    "127.0.0.1": "this machine",
    "www.w3.org": "the name of the SVG namespace",
    "www.apache.org": "the licence",
    "checkout.stripe.com": "the payment provider's pages, which a form of ours leads to",
}
# Names that the internet keeps free for examples, and what rules say of an address's shape.
RESERVED = re.compile(r"(^|\.)(example(\.(com|net|org|co\.uk))?|test|invalid|localhost|tld)$")
TEMPLATED = re.compile(r"[{}$%*…\[\]]|^$|^\.+$")


def matches(pattern: re.Pattern[str], source: Source) -> Iterator[str]:
    """Every line of a text that a pattern finds."""
    for number, line in enumerate(source.lines, 1):
        if found := pattern.search(line):
            yield f"{source.path}:{number}: {found.group()}"


def test_the_project_speaks_only_of_itself() -> None:
    """No text tells how the project came about; what changed is told by CHANGELOG.md in a reader's words."""
    for words in ("See iss~ue #7", "a tick~et", "by a helper age~nt", "A~I wrote it", "in this sess~ion", "the le~ad"):
        assert list(matches(OTHER_WORK, sample(joined(words)))), words
    for words in ("An invoice is issued.", "a guest session", "a travel agent", "the lead guest", "air"):
        assert not list(matches(OTHER_WORK, sample(words))), words
    holds(lambda source: matches(OTHER_WORK, source), texts())


def machine_paths(source: Source) -> Iterator[str]:
    """Paths that exist on somebody's machine only."""
    for number, line in enumerate(source.lines, 1):
        for found in MACHINE.finditer(line):
            if (source.path, found.group()) not in ALLOWED_PLACES:
                yield f"{source.path}:{number}: {found.group()}"


def test_no_text_names_a_place_on_one_machine() -> None:
    """Folders are relative, given by a setting, or asked of the system."""
    for path in ("/ro~ot/x", "/wo~rk/x", "/Us~ers/x", "/t~mp/x", "/ho~me/x"):
        assert faults(machine_paths, [sample(joined(path))]), path
    assert faults(machine_paths, [sample("folder/work/x and https://hotel.example/home/x")]) == []
    holds(machine_paths, texts())


def strange_hosts(source: Source) -> Iterator[str]:
    """Hosts in addresses and e-mails that are neither reserved for examples nor on the list."""
    for number, line in enumerate(source.lines, 1):
        for host in URL.findall(line):
            # A name without a dot is known to one network only: a service of docker-compose.yml, or this machine.
            known = "." not in host or host in HOSTS or RESERVED.search(host.lower()) or TEMPLATED.search(host)
            if not known:
                yield f"{source.path}:{number}: {host}"
        for host in E_MAIL.findall(line):
            if not RESERVED.search(host.lower()):
                yield f"{source.path}:{number}: @{host}"


def test_texts_name_no_strange_hosts_or_people() -> None:
    """No package registry, no private server, no address of somebody who may exist: examples use reserved names."""
    bad = sample(joined("https~://packages.corp.internal/simple and somebody~@hotel.com"))
    assert faults(strange_hosts, [bad]) == ["sample.py:1: packages.corp.internal", "sample.py:1: @hotel.com"]
    fine = sample("https://hotel.example/x, guest@example.com, postgresql://a:b@localhost/x, http://{host}:1/")
    assert faults(strange_hosts, [fine]) == []
    holds(strange_hosts, texts())
