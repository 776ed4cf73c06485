#!/bin/sh
# TensorFlow Serving's command line from the SERVING_* settings, in its container (whose image has no Python) and in a
# process alike. Flags that are given stand last.
#
#   sh start.sh [FLAG...]
#
# SERVING_EMBEDDED: the Python that runs the embedded model server instead of tensorflow_model_server.
set -eu

if [ -n "${SERVING_PRECISION:-}" ]; then
    echo "error: SERVING_PRECISION is '$SERVING_PRECISION': TensorFlow Serving computes as the model says" >&2
    exit 3
fi

threads=$((SERVING_WORKERS * SERVING_THREADS_PER_WORKER))
if [ "$SERVING_OUT_OF_THE_BOX" != 1 ]; then
    set -- --tensorflow_intra_op_parallelism="$SERVING_INTRA_OP_THREADS" \
        --tensorflow_inter_op_parallelism="$threads" "$@"
fi

# As often as the other servers call their model before they are ready; the request is in the artifact.
if [ "$SERVING_WARMUP" = 0 ]; then
    set -- --enable_model_warmup=false "$@"
else
    set -- --num_request_iterations_for_warmup=20 "$@"
fi

if [ "$SERVING_BATCH_SIZE" -gt 1 ]; then
    parameters=${SERVING_WORK_DIR:-/tmp}/batching_parameters.pbtxt
    {
        echo "max_batch_size { value: $SERVING_BATCH_SIZE }"
        echo "batch_timeout_micros { value: $((SERVING_BATCH_DELAY_MS * 1000)) }"
        # Beyond so many batches that wait, requests are refused (UNAVAILABLE, 503); TensorFlow Serving's own limit is 10.
        echo "max_enqueued_batches { value: 100 }"
        [ "$threads" = 0 ] || echo "num_batch_threads { value: $threads }"
    } > "$parameters"
    set -- --enable_batching=true --batching_parameters_file="$parameters" "$@"
fi

# Calls at once, over gRPC and over REST: 4 per core by default. gRPC refuses more (RESOURCE_EXHAUSTED), and batches fill
# only where twice as many calls wait as a batch has rows.
at_once=$SERVING_REQUEST_THREADS
[ "$at_once" -ge $((2 * SERVING_BATCH_SIZE)) ] || at_once=$((2 * SERVING_BATCH_SIZE))
if [ "$SERVING_OUT_OF_THE_BOX" != 1 ] || [ "$SERVING_BATCH_SIZE" -gt 1 ]; then
    set -- --grpc_max_threads="$at_once" --rest_api_num_threads="$at_once" "$@"
fi

set -- --port="$SERVING_GRPC_PORT" --rest_api_port="$SERVING_REST_PORT" --model_name="$SERVING_MODEL" \
    --model_base_path="$SERVING_BASE_PATH" --monitoring_config_file="${0%/*}/monitoring.config" "$@"

if [ -n "${SERVING_EMBEDDED:-}" ]; then
    exec "$SERVING_EMBEDDED" -I -u -m serveoff.services.tfserving.embedded \
        --host="$SERVING_HOST" --rest_api_max_body_bytes="$SERVING_MAX_BODY_BYTES" \
        --grpc_max_message_bytes="$SERVING_MAX_BODY_BYTES" "$@"
fi

# From here its log's time stamps are counted. Where `date` knows no microseconds, there is no such line.
echo "$(date '+%Y-%m-%d %H:%M:%S.%6N'): I serveoff-start" >&2
[ $$ = 1 ] || exec tensorflow_model_server "$@"

# TensorFlow Serving ignores SIGTERM as a container's first process (tensorflow/serving issue 1853): the shell is it.
tensorflow_model_server "$@" &
trap 'kill $!' TERM INT
wait $!
