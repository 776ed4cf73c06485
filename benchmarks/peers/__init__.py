"""The same TorchScript model behind other Python servers, each as its documentation shows it.

They run in the environment that benchmarks/peers.txt describes. PEER_MODEL is the model's file, PEER_PORT the port.
"""
