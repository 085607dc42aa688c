"""The version of this product, as installed."""

from importlib.metadata import PackageNotFoundError, version


def own_version() -> str:
    """The installed version; '0+source' when run from a checkout that was not installed."""
    try:
        return version("infra-maintainer")
    except PackageNotFoundError:
        return "0+source"
