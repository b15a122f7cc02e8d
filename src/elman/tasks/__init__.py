"""Estimators, one for each task; listed in `__init__.pyi` and imported when first used, since they need torch."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
