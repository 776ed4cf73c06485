"""The Server-Timing header of an answer to :predict: where the server's time went.

    Server-Timing: queue;dur=0.012, parse;dur=0.141, predict;dur=0.207, encode;dur=0.019, total;dur=0.379

https://www.w3.org/TR/server-timing/; durations in milliseconds, to the microsecond. What each part covers:

    queue    from the moment the worker had read the request whole until its handling began; with batching also what
             it waited for others: for the batch to fill, while their bodies were parsed, while they were answered
    parse    Flask's routing, and the body into arrays; the HTTP head was read before, as it arrived
    decode   of parse, what decoding JPEG or PNG files took; it is there only if the body held any
    predict  the one call of the model, of the whole batch where requests are put together
    encode   the output into the answer's body; with batching Flask's routing is here instead of in parse
    total    from the moment the request was read whole until the answer's body is ready to send

Without decode, the first four sum to total, but for the rounding of each (at most 2 us in all). Building the header,
Flask's work on the response and sending it come after `total`: a header cannot tell what happens after it was written.
A request that waits in the socket's buffer because the worker is busy has not been read, and that wait is not in
`queue`; there is none at one connection. Behind gunicorn's threaded worker (SERVING_THREADS_PER_WORKER over 1) the
clock starts when Flask gets the request, so `queue` is 0 and reading the body is part of `parse`.
"""

HEADER = "Server-Timing"
ARRIVED = "serveoff.arrived_s"
"""WSGI environment: when the worker had read the request whole, by time.perf_counter."""
BEGAN = "serveoff.began_s"
"""WSGI environment: when the worker began to handle it."""


def server_timing(total_s: float, parse_s: float, predict_s: float, encode_s: float, image_s: float = 0.0) -> str:
    """The header's value; what the other parts leave of the total was spent in the queue. `image_s` is of parse."""
    decode = f"decode;dur={image_s * 1e3:.3f}, " if image_s else ""
    queue_s = max(0.0, total_s - parse_s - predict_s - encode_s)
    return (
        f"queue;dur={queue_s * 1e3:.3f}, parse;dur={parse_s * 1e3:.3f}, {decode}"
        f"predict;dur={predict_s * 1e3:.3f}, encode;dur={encode_s * 1e3:.3f}, total;dur={total_s * 1e3:.3f}"
    )
