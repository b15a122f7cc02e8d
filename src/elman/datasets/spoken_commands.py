"""Digits and commands spoken by programs: sentences of a small grammar, in voices that are split into three parts.

Nothing here was said by a person. The programs are espeak-ng, of which a voice is a variant of an accent (`en-us+f3`),
and flite. A variant, in whatever accent, stands in one part only, and so does each voice of flite.
"""

import hashlib
import random
import shutil
import subprocess
import tempfile
import wave
from dataclasses import astuple, dataclass
from pathlib import Path

from elman.datasets.packages import cache_folder, make_cache_folder
from elman.datasets.registry import SPEAKING_PROGRAMS as PROGRAMS
from elman.errors import InputError, require

NAME = "spoken-commands"
RATE = 16_000
FORMAT = 1  # is raised when other sounds would come out of the same sentences and voices
COUNTS = {"train": 2400, "validation": 300, "test": 300}
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LONGEST = 7  # digits of a string
COMMANDS = 0.5  # of the sentences are commands
GRAMMAR = {
    "command": (
        *("turn SWITCH the ROOM DEVICE", "turn SWITCH the DEVICE", "OPEN the ROOM OPENING", "OPEN the OPENING"),
        *(
            "set the DEVICE to DIGIT",
            "set the ROOM DEVICE to DIGIT",
            "go WHERE DIGIT steps",
            "turn SIDE",
            "stop",
            "start",
        ),
        *("pick up the COLOUR THING", "put down the COLOUR THING"),
    ),
    "SWITCH": ("on", "off"),
    "OPEN": ("open", "close"),
    "ROOM": ("kitchen", "bedroom", "hall", "garden"),
    "DEVICE": ("light", "fan", "heater", "radio"),
    "OPENING": ("door", "window"),
    "WHERE": ("left", "right", "forward", "back"),
    "SIDE": ("left", "right"),
    "COLOUR": ("red", "green", "blue"),
    "THING": ("box", "ball"),
    "DIGIT": DIGITS,
}
ACCENTS = (
    *("en-us", "en-us-nyc", "en-gb", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-gb-scotland", "en-029"),
)
# Those that differ in little from each other (Gene and Gene2, f2 and f5, Hugo and Diogo) stand on one side.
VARIANTS = {
    "train": (
        *("f1", "f2", "f4", "f5", "m2", "m4", "m5", "m6", "m7", "m8", "klatt", "klatt2", "klatt3", "klatt4", "klatt5"),
        *("klatt6", "Alex", "Andrea", "Andy", "Diogo", "Gene", "Gene2", "Henrique", "Hugo", "Jacky", "Mario", "Mike"),
        *("adam", "anika", "aunty", "belinda", "boris", "david", "ed", "grandma", "iven", "iven3", "john", "linda"),
        *("max", "michel", "miguel", "norbert", "pablo", "paul", "quincy", "rob", "robert", "steph", "steph2", "zac"),
    ),
    "validation": ("Annie", "Denis", "Lee", "benjamin", "m1", "pedro", "sandro"),
    "test": (
        *("Alicia", "Marco", "Michael", "antonio", "edward", "edward2", "f3", "grandpa", "m3", "shelby", "travis"),
    ),
}
FLITE = {"train": ("awb", "kal16", "slt"), "validation": (), "test": ("rms",)}
FLITE_SHARE = 0.15  # of the sentences of a part that has voices of flite


@dataclass(frozen=True)
class Utterance:
    """What is said, by which voice, and how."""

    text: str
    voice: str
    part: str
    speed: float
    """1 is the voice's own."""
    pitch: float
    """1 is the voice's own; flite keeps that."""

    def command(self, file: Path) -> list[str]:
        """The program that says it into a WAV file."""
        if "+" in self.voice:
            how = ["-s", str(round(170 * self.speed)), "-p", str(round(50 * self.pitch))]
            return ["espeak-ng", "-v", self.voice, *how, "-w", str(file), self.text]
        how = ["--setf", f"duration_stretch={1 / self.speed:.3f}"]
        return ["flite", "-voice", self.voice, *how, "-o", str(file), "-t", self.text]


def utterances() -> list[Utterance]:
    """All that is said: drawn with a fixed seed.

    Example:
        >>> [(one.text, one.voice) for one in utterances()[:2]]
        [('stop', 'en-gb-scotland+f4'), ('five two', 'en-029+Henrique')]
    """
    draw = random.Random(0)
    return [_utterance(part, draw) for part, count in COUNTS.items() for _ in range(count)]


def made_sounds() -> Path:
    """The folder of the sounds, `0000.wav` and so on in the order of `utterances`; made if they are not there.

    Raises:
        InputError: a program is not installed or fails, or the cache cannot be written.
        MissingExtra: the library that changes the sample rate is not installed.
    """
    folder = sounds_folder()
    if not folder.is_dir():
        _make(folder, utterances())
    return folder


def sounds_folder() -> Path:
    """Where the sounds are, or will be; another version of the programs makes others, but not while these are there."""
    plan = repr([FORMAT, RATE, *map(astuple, utterances())])
    return cache_folder() / "made" / f"{NAME}-{hashlib.sha256(plan.encode()).hexdigest()[:16]}"


def _utterance(part: str, draw: random.Random) -> Utterance:
    if FLITE[part] and draw.random() < FLITE_SHARE:
        voice = draw.choice(FLITE[part])
    else:
        voice = f"{draw.choice(ACCENTS)}+{draw.choice(VARIANTS[part])}"
    return Utterance(_sentence(draw), voice, part, draw.uniform(0.8, 1.2), draw.uniform(0.7, 1.3))


def _sentence(draw: random.Random) -> str:
    if draw.random() < COMMANDS:
        return " ".join(draw.choice(GRAMMAR.get(word, (word,))) for word in draw.choice(GRAMMAR["command"]).split())
    return " ".join(draw.choices(DIGITS, k=draw.randint(1, LONGEST)))


def _make(folder: Path, said: list[Utterance]) -> None:
    """Make all sounds beside the folder, and put it in place when it is whole."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            raise InputError(
                f"data set {NAME!r} is made with {' and '.join(PROGRAMS)}, and there is no {program} on the PATH: "
                f"install them (Debian and Ubuntu: apt-get install {' '.join(PROGRAMS)})"
            )
    from rich.console import Console
    from rich.progress import track

    make_cache_folder(folder.parent)
    with tempfile.TemporaryDirectory(prefix=".elman-", dir=folder.parent) as aside:
        whole = Path(aside) / "sounds"
        whole.mkdir()
        console = Console(stderr=True)
        shown = track(said, f"making {NAME}", console=console, disable=not console.is_terminal, transient=True)
        for number, one in enumerate(shown):
            _say(one, whole / f"{number:04}.wav")
        try:
            whole.rename(folder)
        except OSError as error:
            if not folder.is_dir():  # another process may have put the same there
                raise InputError(f"{folder} cannot be written: {error}") from error


def _say(one: Utterance, file: Path) -> None:
    """Write one sound, at the common rate."""
    import numpy as np  # a listing of the data sets does not need it

    command = one.command(file)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode != 0 or not file.is_file():
        raise InputError(f"{command[0]} made no sound of {one.text!r} with the voice {one.voice} ({said[:200]})")
    with wave.open(str(file)) as sound:
        rate, samples = sound.getframerate(), np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
    with wave.open(str(file), "wb") as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        sound.writeframes(require("soxr", "speech").resample(samples, rate, RATE).astype("<i2").tobytes())
