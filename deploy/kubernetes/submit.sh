#!/usr/bin/env bash
# spark-submit with Kubernetes as the cluster and this pod as the driver:
#   submit.sh /opt/churn_spark/jobs/daily.py --conf=/etc/churn_spark/project.yaml --env=kubernetes --as-of=2026-06-01
# From outside the cluster the same works with `--master k8s://https://<api server>` and `--deploy-mode cluster`, without
# the three settings of the driver.
set -euo pipefail

exec spark-submit \
  --master k8s://https://kubernetes.default.svc \
  --deploy-mode client \
  --name "churn-$(basename "$1" .py)" \
  --jars "$(python -m churn_spark.runtime.jars)" \
  --driver-memory "${DRIVER_MEMORY:-4g}" \
  --conf "spark.driver.host=$POD_IP" \
  --conf "spark.driver.port=7078" \
  --conf "spark.kubernetes.driver.pod.name=$POD_NAME" \
  --conf "spark.kubernetes.namespace=$POD_NAMESPACE" \
  --conf "spark.kubernetes.container.image=$IMAGE" \
  --conf "spark.kubernetes.authenticate.serviceAccountName=churn-spark" \
  --conf "spark.kubernetes.executor.volumes.persistentVolumeClaim.warehouse.options.claimName=churn-warehouse" \
  --conf "spark.kubernetes.executor.volumes.persistentVolumeClaim.warehouse.mount.path=/warehouse" \
  --conf "spark.executor.instances=${EXECUTORS:-2}" \
  --conf "spark.executor.cores=${EXECUTOR_CORES:-2}" \
  --conf "spark.executor.memory=${EXECUTOR_MEMORY:-4g}" \
  "$@"
