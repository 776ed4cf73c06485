"""C5: subclasses in both frameworks, checked by the floors of both eager forms."""

from serveoff.analyse.claims.by_construction import Check, shown_by

CLAIM = "TF2 model subclassing mirrors PyTorch's nn.Module"
RULE = (
    "One network of two layers, written as a subclass of `keras.Model` and as a subclass of `nn.Module`, gives in both "
    "the output that NumPy computes from the same weights."
)
MEASURE = "`serveoff run inprocess-keras-eager inprocess-torch-eager`"
study = shown_by(
    Check("keras_eager", "a_keras_subclass_computes_what_numpy_does", "a subclass of keras.Model gives NumPy's output"),
    Check("torch_eager", "a_torch_subclass_computes_what_numpy_does", "a subclass of nn.Module gives NumPy's output"),
)
