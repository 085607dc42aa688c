"""A secret that infra.toml names by its file: read when it is needed, and never told."""

from pathlib import Path

from infra_maintainer.world.failure import WorldError


def read_secret(path: str, setting: str) -> str:
    """The text of the file that `setting` names. Raises WorldError that names the file and the step."""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        how = f"write the secret into that file, or name the right one: {setting}"
        raise WorldError("error", f"{path}: there is no such file", how) from error
    except PermissionError as error:
        how = "make the file readable for the account that infra-maintainer runs as"
        raise WorldError("denied", f"{path}: {error.strerror}", how) from error
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it holds no text"
        raise WorldError("error", f"{path}: {said}", f"name a file with the secret as its text: {setting}") from error
