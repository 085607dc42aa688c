"""The sampler behind `infra-maintainer watch`: a small steady process that imports almost nothing."""
