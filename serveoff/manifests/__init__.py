"""What a cluster is given: the deployments of the registry, as Kubernetes' and KServe's own objects."""
