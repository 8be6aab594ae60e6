"""Recipes: named, versioned ways to mark tissue inside bone regions.

One file per recipe in `recipes/`, each with one ``RECIPE``; menus, the command line and the contract tests
read this registry. A released recipe is never changed, only followed by a new version.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from workstation.errors import DataError, UsageError
from workstation.imaging.study import Weighting
from workstation.imaging.volume import Stack
from workstation.masks.mask import Mask, Segment
from workstation.tasks import Progress

Values = dict[str, float]
Record = dict[str, float | str]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of a recipe.

    Attributes
    ----------
    unit : str
        ``"mm"``, ``"s"`` (robust standard deviations), ``"ratio"``, ``"switch"`` (0 or 1), …
    text : str
        What it does, in one sentence.
    validated : bool
        False for a project value that no study supports: shown as "unvalidated".
    """

    name: str
    default: float
    minimum: float
    maximum: float
    unit: str
    text: str
    validated: bool = False


@dataclass(frozen=True, eq=False)
class Material:
    """What a recipe works on.

    Attributes
    ----------
    stack : Stack
        The series, decoded.
    regions : Mask
        Bone regions on the same grid.
    weighting, fat_suppressed
        Contrast of the series as the import derived it.
    companion : Mask or None
        Another recipe's result on the same grid that this one respects (edema beside low-T1 marrow).
    """

    stack: Stack
    regions: Mask
    weighting: Weighting | None
    fat_suppressed: bool
    companion: Mask | None = None


Work = Callable[[Material, Values, Progress], tuple[Mask, Record]]


@dataclass(frozen=True, eq=False)
class Recipe:
    """A segmentation method.

    Attributes
    ----------
    name, version, title : str
    needs : str
        Which images it needs, for a person.
    segments : tuple of Segment
        What it may mark.
    parameters : tuple of Parameter
    refusal : callable
        (weighting, fat suppressed) to the reason for which such images are refused; ``""`` if suited.
    work : callable
        The method itself. Returns the mask and what else should be on record (references, warnings).
    respects : str
        Name of the recipe whose result `Material.companion` is, ``""`` if it takes none.
    """

    name: str
    version: str
    title: str
    needs: str
    segments: tuple[Segment, ...]
    parameters: tuple[Parameter, ...]
    refusal: Callable[[Weighting | None, bool], str]
    work: Work
    respects: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 over name, version and parameters, kept with each mask."""
        facts = [self.name, self.version, [(p.name, p.default, p.unit) for p in self.parameters]]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def suits(self, weighting: Weighting | None, fat_suppressed: bool) -> bool:
        """True when images of this contrast are accepted without an override."""
        return not self.refusal(weighting, fat_suppressed)

    def checked(self, given: Mapping[str, object]) -> Values:
        """All parameters, the given ones checked, the others at their defaults.

        Raises
        ------
        UsageError
            If a name is unknown, or a value is not a number in its range.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        values = {name: parameter.default for name, parameter in known.items()}
        for name, value in given.items():
            if name not in known:
                raise UsageError(
                    f"The recipe {self.name} was not run",
                    f"it has no parameter called {name}",
                    f"It knows {', '.join(known)}",
                )
            values[name] = _number(known[name], value)
        return values

    def run(self, material: Material, parameters: Mapping[str, object], progress: Progress) -> Mask:
        """Mark tissue on a series.

        Parameters
        ----------
        material : Material
        parameters : mapping
            Only those that differ from their defaults. ``override=1`` runs the recipe on images that it
            would refuse; the override and its reason go on record.
        progress : Progress

        Returns
        -------
        Mask
            On the grid of the series; `Mask.parameters` holds all parameters, references and warnings.

        Raises
        ------
        UsageError
            For wrong parameters.
        DataError
            If the images are of the wrong contrast, or no sound reference is found.
        """
        values = self.checked(parameters)
        reason = self.refusal(material.weighting, material.fat_suppressed)
        if reason and not values["override"]:
            raise DataError(
                f"The recipe {self.name} was not run on this series",
                reason,
                "Choose another series, or set override=1 and it is recorded",
            )
        mask, found = self.work(material, values, progress)
        record: Record = {**values, "digest": self.digest, **found}
        if reason:
            record["overridden"] = reason
        return replace(mask, recipe=self.name, recipe_version=self.version, parameters=record)


OVERRIDE = Parameter(
    "override", 0, 0, 1, "switch", "Run on images that the recipe would refuse; recorded", validated=True
)


def _number(parameter: Parameter, value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"The parameter {parameter.name} was not understood", f"{value!r} is not a number")
    if not parameter.minimum <= number <= parameter.maximum:
        raise UsageError(
            f"The parameter {parameter.name} was not accepted",
            f"{number:g} is outside {parameter.minimum:g} to {parameter.maximum:g} {parameter.unit}",
        )
    return number


@cache
def recipes() -> tuple[Recipe, ...]:
    """Every recipe, in order of its name."""
    from workstation.masks import recipes as room

    found = []
    for module in pkgutil.iter_modules(room.__path__):
        recipe = importlib.import_module(f"{room.__name__}.{module.name}").RECIPE
        assert isinstance(recipe, Recipe)
        found.append(recipe)
    return tuple(sorted(found, key=lambda recipe: recipe.name))


def recipe(name: str) -> Recipe:
    """The recipe of a name.

    Raises
    ------
    UsageError
        If there is none.
    """
    for one in recipes():
        if one.name == name:
            return one
    names = ", ".join(one.name for one in recipes())
    raise UsageError("This recipe is not known", f"there is no recipe called {name}", f"Choose {names}")
