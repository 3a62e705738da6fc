"""Invented companies, people and ways to reach them: every part is on a list, and no number or address can be in use."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import NamedTuple

from crmlib.sample.words import pick, words

MAIL_DOMAINS = ("example.com", "example.cn", "example.org", "example.net")
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


class Place(NamedTuple):
    province: str
    city: str
    code: str

    @property
    def short(self) -> str:
        return self.city.removesuffix("市")


@dataclass(frozen=True, slots=True)
class Company:
    """A registered name in its parts, so that it can be typed in other ways."""

    place: Place
    core: str
    trade: str
    form: str
    prefix: str  # 上海, 上海市, 广东省; "" where the place stands in brackets
    branch: str = ""

    @property
    def name(self) -> str:
        middle = "" if self.prefix else f"（{self.place.short}）"
        return f"{self.prefix}{self.core}{middle}{self.trade}{self.form}{self.branch}"


class Contact(NamedTuple):
    name: str
    title: str
    phone: str
    email: str


@cache
def sounds() -> dict[str, str]:
    """Character of a company's core → how it sounds."""
    return {word[0]: word[1:-1] for word in words()["cores"].split()}


@cache
def slips() -> dict[str, str]:
    """Character of a company's core → what a hurried typist takes for it."""
    return {word[0]: word[-1] for word in words()["cores"].split()}


@cache
def _parts() -> tuple[dict[Place, int], dict[str, int], list[str], tuple[str, ...]]:
    """Places and trades with their shares, surnames with their sounds, signs of cores."""
    places = [one.split() for one in words()["places"].split(";")]
    trades = {trade: share for trade, (share, *_) in words()["trades"].items()}
    return {Place(*one[:3]): int(one[3]) for one in places}, trades, words()["surnames"].split(), tuple(sounds())


class Inventor:
    """Names, codes and numbers that nobody in this world has twice."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.taken: set[str] = set()

    def _new(self, make: Callable[[bool], str]) -> str:
        """The first that is new; after some tries the maker is told to look further away."""
        for attempt in range(10_000):
            made = make(attempt > 11)
            if made not in self.taken:
                self.taken.add(made)
                return made
        raise AssertionError("the lists are too short for so many customers")

    def place(self) -> Place:
        return pick(_parts()[0], self.rng)

    def core(self) -> str:
        size = 2 if self.rng.random() < 0.7 else 3
        return self._new(lambda far: "".join(self.rng.sample(_parts()[3], 3 if far else size)))

    def company(self) -> Company:
        rng, place = self.rng, self.place()
        trade, form = pick(_parts()[1], rng), pick(words()["forms"], rng)
        prefix = rng.choices((place.short, place.city, place.province, ""), (66, 18, 6, 10))[0]
        return Company(place, self.core(), trade, form, place.city if form == "厂" else prefix)

    def person(self) -> tuple[str, str]:
        """A name, and the sound of its surname."""
        surname = self.rng.choice(_parts()[2])
        han = surname.rstrip("abcdefghijklmnopqrstuvwxyz")
        given = self.rng.choices(words()["given"], k=1 if self.rng.random() < 0.35 else 2)
        return han + "".join(given), surname[len(han) :]

    def phone(self) -> str:
        """10… has the length of a mobile number, and no operator may ever give it out (11… and 12… are read as dialling codes)."""
        return self._new(lambda _: f"10{self.rng.randrange(10**9):09d}")

    def email(self, sound: str, domain: str) -> str:
        return self._new(lambda far: f"{sound}{self.rng.randrange(10**6 if far else 100):02d}@{domain}")

    def contact(self, domain: str) -> Contact:
        name, sound = self.person()
        return Contact(name, self.rng.choice(words()["titles"]), self.phone(), self.email(sound, domain))

    def domain(self, company: Company | None) -> str:
        root = self.rng.choice(MAIL_DOMAINS)
        return root if company is None else "".join(sounds()[sign] for sign in company.core) + "." + root

    def credit_code(self, company: Company) -> str:
        head = ("92" if company.form == "厂" else "91") + company.place.code
        return self._new(lambda _: with_check(head + "".join(self.rng.choices(USCC_ALPHABET, k=9))))

    def address(self, place: Place) -> str:
        rng = self.rng
        city = place.city if place.province == place.city else place.province + place.city
        return f"{city}{rng.choice(words()['districts'])}{rng.choice(words()['roads'])}{rng.randrange(1, 400)}号"

    def identity_number(self) -> str:
        """The shape of a resident's number, in a region (99…) that does not exist and with a wrong check digit."""
        rng = self.rng
        body = f"99{rng.randrange(10**4):04d}{rng.randrange(1960, 2000)}{rng.randrange(1, 13):02d}"
        body += f"{rng.randrange(1, 29):02d}{rng.randrange(1000):03d}"
        right = "10X98765432"[sum(int(digit) * 2 ** (17 - at) for at, digit in enumerate(body)) % 11]
        return body + next(digit for digit in "3141592" if digit not in (right, with_check(body)[17]))


def with_check(first17: str) -> str:
    """The credit code that begins with these 17 characters (GB 32100-2015)."""
    total = sum(USCC_ALPHABET.index(sign) * pow(3, at, 31) for at, sign in enumerate(first17))
    return first17 + USCC_ALPHABET[-total % 31]
