"""Ways to build an nn.Module: each module offers `build(folder, spec, device) -> nn.Module`, with its weights."""
