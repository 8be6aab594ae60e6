"""Masks on a server: drawn on machines that joined and have their images from packages, then compared."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from tests.workflow.test_masks_travel import draw_and_lock, noise
from tests.workflow.two_machines import QUIET, Machine, make_home, package, take
from workstation.store.account_files import FOLDER
from workstation.workflow.publish_study import join_study, publish_study
from workstation.workflow.reader_masks import two_of
from workstation.workflow.replicate import synchronise
from workstation.workflow.unseal_study import unseal_ready
from workstation.workflow.verify_study import verify_study

MATRIX = (96, 80)


def test_masks_of_two_machines_are_compared_on_the_same_images(tmp_path: Path, postgres: Any) -> None:
    home = make_home(tmp_path / "home", slices=4, matrix=MATRIX)
    publish_study(home.study, postgres.admin, lambda role: f"password of {role}")
    logins = {name: postgres.login(f"koa.{name}") for name in ("R1", "R2", "C1")}
    places = {}
    for name in ("R1", "R2"):
        place = Machine(tmp_path / name)
        (place.study / FOLDER).mkdir(parents=True)
        shutil.copy(home.study / FOLDER / f"{name}.json", place.study / FOLDER)
        join_study(place.study, logins[name], str(place.library), QUIET)
        before = place.rows()
        made = package(home, name, tmp_path / f"{name}.marrow-package").path
        assert take(place, made).images == 8
        assert not take(place, made).is_new
        after = place.rows()
        assert {table: after[table] for table in before} == before, "images only"
        draw_and_lock(place, name)
        assert synchronise(place.study, logins[name], QUIET).not_sent == 0
        places[name] = place
    synchronise(home.study, logins["C1"], QUIET)
    with home.opened("C1") as study:
        unseal_ready(study, "C1")
    synchronise(home.study, logins["C1"], QUIET)
    synchronise(places["R2"].study, logins["R2"], QUIET)
    for place, name in ((home, "C1"), (places["R2"], "R2")):
        with place.opened(name) as study:
            assert study.library is not None
            (series,) = study.library.series("K-1")
            reads = [study.counted_reads()[reader, "K-1", 1] for reader in ("R1", "R2")]
            (two,) = two_of(*reads, [series])
            for mask, reader in zip((two.x, two.y), ("R1", "R2"), strict=True):
                assert np.array_equal(mask.labels > 0, noise(reader, (4, *MATRIX))), (name, reader)
            assert verify_study(study).is_intact
