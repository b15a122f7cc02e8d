"""Image in, a text about it out."""

import hashlib
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from torch import Tensor, nn

from elman.codecs import ImageCodec, Picture, Ragged, as_sequences, digest
from elman.errors import InputError
from elman.tasks.coded import Coded, text_codec
from elman.tasks.learning import Learner
from elman.tasks.options import CaptionerOptions
from elman.tasks.text_writer import TextWriter
from elman.train import split

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Captioner(TextWriter, CaptionerOptions):
    """Images to texts.

    A small convolutional network, or a torch module of your own (`encoder`), makes regions of an image; a decoder
    writes a text while it looks at them with attention: one to many, trained with teacher forcing, searched with a
    beam.
    Images are paths (`pathlib.Path`), images of Pillow's, or (H, W, 3) arrays of uint8; an image may stand in several
    rows, with a text in each. Arguments are keyword-only and listed in `CaptionerOptions`.

    `encoder` maps images (B, 3, S, S), S being `image_size`, each colour with mean 0 and deviation 1, to regions
    (B, M, R, R') or (B, N, M). It is copied; what of it has `requires_grad=False` is not learned. A model file has its
    weights but not its code: `elman.load(path, encoder=module)`.

    After `fit`: `model_`, `codecs_`, `history_`.

    Example:
        >>> import elman, numpy as np
        >>> red, blue = (np.full((16, 16, 3), colour, np.uint8) for colour in ([255, 0, 0], [0, 0, 255]))
        >>> captioner = elman.Captioner(epochs=2, validation_fraction=0, hidden_size=8, image_size=16, verbose=0)
        >>> captioner = captioner.fit([red, blue], ["all red", "all blue"])
        >>> [type(text) for text in captioner.predict([red])]
        [<class 'str'>]
    """

    task = "caption"
    input_codecs = ("image",)
    learned = {"longest_": int}

    explained = (
        "The pictures show attention: for each step the image again, the more orange the more that step looked there, "
        "and the share of the region that it looked at most; ■ is for the step that ends the text."
    )

    longest_: int  # symbols of a caption of the training data, at most

    def prepared(self, X: Any, y: Any, validation: tuple[Any, Any] | None = None) -> tuple[Coded, Coded | None]:
        """Fit the codecs on raw data; give it as arrays, for training and for validation."""
        images, texts = self.pairs(X, y)
        keys = [self.key(one) for one in images]
        rows = [np.arange(len(images)), np.arange(0)]
        if self.validation_fraction and validation is None:  # all captions of an image lie on one side
            rows = list(split(len(images), self.validation_fraction, self.random_state, groups=keys))
        training = {keys[row]: images[row] for row in rows[0]}
        codec = ImageCodec(self.image_size).fit(list(training.values()))
        self.codecs_ = {"input": codec, "output": text_codec([texts[row] for row in rows[0]], self.level)}
        self.longest_ = 0
        coded = self.coded(images, texts)
        of_training = coded.select(rows[0])
        self.take_in(of_training)
        if validation is not None:
            return of_training, self.coded_aside(*validation)
        return of_training, coded.select(rows[1]) if len(rows[1]) else None

    def key(self, one: Any) -> Hashable:
        """Equal pictures are one image, wherever they are from."""
        return hashlib.sha256(cast(Picture, one).pixels.tobytes()).digest()

    def learners(self, text: bool) -> dict[str, Learner]:
        """None: images are not read in a stream."""
        raise InputError("a captioner learns from images in memory: leave out --stream")

    def coded(self, X: Sequence[Any], y: Sequence[str], *, in_step: bool = False) -> Coded:
        """Images, and captions as numbers."""
        return Coded(self.codecs_["input"].encode_all(X), self.codecs_["output"].encode_all(y))

    def take_in(self, training: Coded) -> None:
        """How long captions are."""
        self.longest_ = max(self.longest_, int(cast(Ragged, training.targets).lengths.max(initial=1)))

    def ends(self) -> dict[str, int]:
        """The side of the images, and the number of symbols."""
        return {"side": self.codecs_["input"].side, "target_size": self.codecs_["output"].size}

    def wiring(self, training: Coded) -> dict[str, Any]:
        """One to many."""
        network = {name: value for name, value in self._network(len(training)).items() if name != "bidirectional"}
        hidden_size = network["hidden_size"]
        return {
            "kind": "OneToMany",
            **self.ends(),
            **network,
            "embedding_size": int(self.embedding_size or max(hidden_size // 2, 4)),
            "channels": int(self.channels),
            "augment": float(self.augment),
            "own_encoder": self.encoder is not None,
        }

    def parts(self) -> dict[str, Any]:
        """The encoder that the user brought.

        Raises:
            InputError: it is needed and not there, or the other way round, or is no module.
        """
        if self.encoder is not None and not isinstance(self.encoder, nn.Module):
            raise InputError(f"encoder is a {type(self.encoder).__name__}, expected a torch.nn.Module")
        if self.model_config_["own_encoder"] and self.encoder is None:
            raise InputError(
                "it was trained with an encoder of your own, of which the file has the weights but not the code: "
                "elman.load(path, encoder=module)"
            )
        if not self.model_config_["own_encoder"] and self.encoder is not None:
            raise InputError("it was trained with elman's own encoder: leave encoder out")
        return {} if self.encoder is None else {"module": self.encoder}

    def longest(self, lengths: Tensor) -> int:
        """As long as the longest in training."""
        return self.longest_

    def features(self, X: Any) -> np.ndarray:
        """What the encoder makes of each image as a whole: the mean of its regions, (N, M).

        Images that look alike to the model have features that are near each other.
        """

        def run(*batch: Tensor) -> list[np.ndarray]:
            return list(self.model_.features(*batch).cpu().numpy())  # type: ignore[operator]

        return np.stack(self._run(self._encoded(as_sequences(X)), run))

    def drawn(self, attention: np.ndarray, symbols: Sequence[str], given: Any) -> "Figure":
        """The image for each symbol, more orange where it looked more."""
        from elman.reports.alignment import END
        from elman.reports.regions import regions

        codec: ImageCodec = self.codecs_["input"]
        rows, columns = self.model_.grid  # type: ignore[misc]
        weights = attention.reshape(-1, rows, columns)  # (U + 1, R, R')
        return regions(codec.decode(codec.encode(given)), [*symbols, END], weights)

    def _identity(self, training: Coded, validation: Coded | None) -> dict[str, Any]:
        """As of any estimator, and which weights the user's encoder has."""
        whole = super()._identity(training, validation)
        if self.encoder is None:
            return whole
        return {**whole, "encoder": digest(*(one.detach().cpu().numpy() for one in self.encoder.state_dict().values()))}
