"""PyTorch's devices and threads, for both of its formats."""

import torch


def has_gpu() -> bool:
    """Whether PyTorch can compute on a GPU here."""
    return bool(torch.cuda.is_available())


def limit_inter_op_threads() -> None:
    """One thread between operations: requests run beside one another by the server's threads, if at all.

    PyTorch takes this once per process, and refuses even the value that it has.
    """
    if torch.get_num_interop_threads() != 1:
        torch.set_num_interop_threads(1)
