#!/usr/bin/env bash
# Starts what the container is asked for. Kubernetes asks for `executor` (or `driver`) with the rest in SPARK_* variables,
# as Spark's scheduler sets them; anything else is a command: churn-spark, spark-submit, a shell.
set -euo pipefail

if ! id -un > /dev/null 2>&1; then
  echo "the user id $(id -u) has no name, without which Hadoop does not log in; run the container as 185 (runAsUser: 185)" >&2
  exit 64
fi

class_path="${SPARK_CONF_DIR:-$SPARK_HOME/conf}:$SPARK_HOME/jars/*${SPARK_EXTRA_CLASSPATH:+:$SPARK_EXTRA_CLASSPATH}"

case "${1:-}" in
  executor)
    shift
    options=()
    while IFS='=' read -r _ value; do options+=("$value"); done < <(env | grep '^SPARK_JAVA_OPT_' | sort -t_ -k4 -n || true)
    exec java "${options[@]}" "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" -cp "$class_path" \
      org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
      --driver-url "$SPARK_DRIVER_URL" --executor-id "$SPARK_EXECUTOR_ID" --cores "$SPARK_EXECUTOR_CORES" \
      --app-id "$SPARK_APPLICATION_ID" --hostname "$SPARK_EXECUTOR_POD_IP" \
      --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" --podName "$SPARK_EXECUTOR_POD_NAME" "$@"
    ;;
  driver)
    shift
    exec spark-submit --deploy-mode client --conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS" "$@"
    ;;
  *)
    exec "$@"
    ;;
esac
