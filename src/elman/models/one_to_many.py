"""One to many: an image conditions a decoder, which writes symbols while it looks at regions of the image."""

from torch import Tensor, nn

from elman.equations import Cell
from elman.errors import InputError
from elman.models.decoder import Decoder
from elman.models.image_encoder import ImageEncoder
from elman.models.writer import Writer


class OneToMany(Writer):
    """An image in, a sequence of symbols out: captions.

    Args:
        side: S, pixels of a side of the image.
        target_size: V, how many symbols a target may have, start and end among them.
        cell: a cell, or the name of one, for the decoder.
        hidden_size: H, of the decoder.
        num_layers: L, of the decoder.
        dropout: the probability with which a number is zeroed in training.
        embedding_size: numbers that stand for a symbol.
        init: how the recurrent weights start: "torch", "orthogonal", "identity".
        channels: M, numbers of a region.
        augment: see `ImageEncoder`.
        own_encoder: whether the encoder is a module of the user's, `module`.
        module: see `ImageEncoder`.
        start: the symbol that the decoder reads first.
        end: the symbol that ends a target.
        unknown: the symbol that stands for those that are not known; it is read and never written.

    Raises:
        InputError: an argument is out of range.

    Source: Vinyals, Toshev, Bengio and Erhan, Show and Tell: A Neural Image Caption Generator (2015);
    Xu et al., Show, Attend and Tell: Neural Image Caption Generation with Visual Attention (2015).

    Example:
        >>> model = OneToMany(side=16, target_size=7, hidden_size=8, embedding_size=4, channels=8).eval()
        >>> images, lengths = torch.zeros(2, 16, 48), torch.tensor([16, 16])
        >>> model(images, lengths, torch.tensor([[3, 4], [5, 6]])).shape
        torch.Size([2, 3, 7])
        >>> model.search(images, lengths, beam=2, max_length=5, attention=True)[0][0].attention.shape[1]
        64
    """

    encoder: ImageEncoder

    def __init__(
        self,
        side: int,
        target_size: int,
        cell: Cell | str = "lstm",
        hidden_size: int = 128,
        num_layers: int = 1,
        dropout: float = 0.1,
        embedding_size: int = 96,
        init: str = "torch",
        channels: int = 128,
        augment: float = 0.0,
        own_encoder: bool = False,
        module: nn.Module | None = None,
        start: int = 1,
        end: int = 2,
        unknown: int = 0,
    ) -> None:
        if own_encoder != (module is not None):
            raise InputError("the encoder is a module of your own, or elman's: give module with own_encoder")
        if embedding_size < 1:
            raise InputError(f"embedding_size is {embedding_size}; the symbols of a target need at least 1")
        encoder = ImageEncoder(side, cell, hidden_size, num_layers, dropout, channels, augment, module)
        decoder = Decoder(
            target_size, encoder.memory_size, cell, hidden_size, num_layers, dropout, embedding_size, init
        )
        super().__init__(encoder, decoder, start, end, unknown)

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the regions that attention is over."""
        return self.encoder.grid

    def features(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """The mean of the regions of each image, (B, M): what the encoder makes of it as a whole."""
        return self.encoder.regions(inputs).mean(1)
