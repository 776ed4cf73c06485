"""gRPC straight to the address: grpcio would go by the proxy that `http_proxy` names, as http.client does not."""

DIRECT = ("grpc.enable_http_proxy", 0)
"""An option of every channel. What is measured is on this machine or in containers, and no proxy belongs there."""
