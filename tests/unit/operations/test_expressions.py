"""Formulas: the value is what Python makes of the same text; nothing else is ever executed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operation_images import PIXEL_TYPES, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get
from pellucid.operations.engines.expressions import parse
from pellucid.operations.preview import preview_slice

WORDS = {
    "abs": np.abs, "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos, "floor": np.floor,
    "round": np.round, "isnan": np.isnan, "clip": np.clip, "where": np.where,
    "min": lambda *values: np.min(np.broadcast_arrays(*values), axis=0),
    "max": lambda *values: np.max(np.broadcast_arrays(*values), axis=0),
}  # fmt: skip


def meaning(text: str, **arrays: Any) -> Any:
    """Return what Python and NumPy themselves make of a formula, in tests only."""
    with np.errstate(all="ignore"):
        return eval(text, {"__builtins__": {}}, WORDS | arrays)


def run(formula: str, *images: Any, remarks: list[str] | None = None, **values: Any) -> Any:
    context = Context(remark=(remarks if remarks is not None else []).append)
    return pixels(get("arithmetic.expression").run(context, *images, formula=formula, **values))


@pytest.mark.parametrize(
    "text",
    [
        "a * 2 + b", "-a ** 2", "(-2) ** round(a / 1000)", "a // 7 - b % 3", "1 / (a - b)", "2 ** -1 * a", "+a - -b",
        "where((a > 100) & ~(b <= 3), a, b / 2)", "min(a, b, 5) + max(a, 0)", "clip(a, -10, 1e2) * sqrt(abs(b))",
        "exp(a / 1000) + log(abs(b) + 1) + sin(a) * cos(b)", "floor(a / 3) != round(b / 3)", "isnan(log(a))",
        "(a > 0) | (b > 0)", "0 < a < 100", "sqrt(2) * a", "7 // 2 + 7 % 4 + a", "((a))", "where(1 < 2, a, b)",
        "  a\n + 1", "a == b", ".5e1 * a",
    ],
)  # fmt: skip
def test_a_formula_means_what_it_says(text: str) -> None:
    a, b = noise((3, 6, 7), "int16"), noise((3, 6, 7), "float32", seed=4)
    inside = text.replace("0 < a < 100", "(0 < a) & (a < 100)").replace("\n", " ").strip()
    expected = meaning(inside, a=a.astype(float), b=b.astype(float)).astype(np.float32)
    result = run(text, on_grid(a), on_grid(b))
    assert result.dtype == np.float32 and np.array_equal(result, expected, equal_nan=True)


def test_words_of_logic_and_comparisons_in_arithmetic_count_one() -> None:
    a = np.array([[0.0, 1.0, 2.0, 3.0]])
    assert run("a > 0 and a < 3 or not a < 3", on_grid(a)).tolist() == [[0, 1, 1, 1]]
    assert run("(a > 0) + (a > 1) - (a > 2)", on_grid(a)).tolist() == [[0, 1, 2, 1]]
    assert run("-(a > 2) * 5", on_grid(a)).tolist() == [[0, 0, 0, -5]]
    assert run("(1 < 2) * a + (not 1 < 2)", on_grid(a)).tolist() == [[0, 1, 2, 3]]


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_sums_are_exact_before_they_are_stored(dtype: str) -> None:
    a = noise((5, 6), dtype)
    assert np.array_equal(run("(a + 1e9) - 1e9", on_grid(a)), a.astype(np.float32))


@pytest.mark.parametrize("text", ["(-2) ** a", "a ** (-2)", "-2 ** a", "(a - b) * (a - -3)", "a - (b - (-1))"])
def test_a_line_of_python_keeps_the_meaning_of_signs(text: str) -> None:
    values = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([0.5, 2.0, -1.0])}
    assert np.array_equal(meaning(parse(text).python, **values), meaning(text, **values))


def test_what_cannot_be_computed_is_counted() -> None:
    said: list[str] = []
    result = run("log(a) + 1 / b", on_grid(np.array([[-1.0, 1, 1]])), on_grid(np.array([[1.0, 0, 1]])), remarks=said)
    assert np.isnan(result[0, 0]) and np.isinf(result[0, 1]) and result[0, 2] == 1
    assert said == ["2 values of the result are infinite or not a number."]


def test_grey_beside_colour_and_what_is_not_chosen() -> None:
    colour, grey = noise((4, 5, 3), "uint8"), noise((4, 5), "uint8")
    result = run("a + b", on_grid(colour, colour=True), on_grid(grey))
    assert np.array_equal(result, colour.astype(int) + grey[..., None])
    assert np.array_equal(run("b * 2", on_grid(colour, colour=True), on_grid(grey)), grey * 2.0)
    with pytest.raises(Refused, match=r"uses c \(column 5\), but no image is chosen"):
        run("a + c", on_grid(grey), on_grid(grey))
    with pytest.raises(Refused, match="cannot combine"):
        run("a + b", on_grid(colour, colour=True), on_grid(colour[..., :2], colour=True))


def test_a_preview_is_local_and_other_grids_are_resampled() -> None:
    a, b = on_grid(noise((5, 6, 7))), on_grid(noise((9, 9, 9)), spacing=(0.5, 0.6, 1.1))
    whole = run("a - b", a, b, resample=True)
    part = preview_slice(get("arithmetic.expression"), (a, b), 1, 3, {"formula": "a - b", "resample": True})
    assert np.array_equal(part, whole[:, 3])
    with pytest.raises(Refused, match="same grid"):
        run("a - b", a, b)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("a +", 3, "understood"), ("a ^ 2", 3, r"\*\*"), ("a = 2", 3, "=="), ("2a", 2, "operator is missing"),
        ("a + e", 5, "unknown"), ("9**9**9 + a", 1, "finite"), ("a + 1/0", 5, "finite"), ("a.real", 1, "only"),
        ("a + sqrt(-1)", 5, "finite"), ("(-8) ** 0.5 + a", 1, "finite"), ("min(a)", 1, "2 values"),
        ("clip(a, 1)", 1, "3 values"), ("a > 1 & a < 3", 5, "brackets"), ("where(a, 1, 2)", 7, "comparison"),
        ("~a", 2, "comparison"), ("a @ a", 3, "no meaning"), ("a << 2", 6, "operators"), ("a[0]", 2, "no meaning"),
        ("open(a)", 1, "unknown"), ("(a)(a)", 1, "called"), ("2(a)", 1, "called"),
        ("a if a > 1 else 2", 1, "only"), ("max(*a, a)", 5, "only"),
        ("a is a", 1, "compare"), ("True + a", 1, "only"), ("a, a", 1, "only"), ("'a'", 1, "no meaning"),
        ("1" + "0" * 400 + " * a", 1, "finite"), ("lambda + a", 8, "understood"), ("   a +  f", 9, "unknown"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_column(text: str, column: int, words: str) -> None:
    with pytest.raises(Refused, match=rf"^Column {column} of the expression: .*{words}.*\.$"):
        get("arithmetic.expression").validate(formula=text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"), (" \n", "empty"), ("2 * 3", "names no image"), ("a" + " + a" * 200, "longer than 500"),
        ("-" * 300 + "a", "nested too deeply"), ("a" + "+a" * 120, "nested too deeply"),
        ("(" * 100 + "a" + ")" * 100 + "*" * 200, "understood"), ("0<(" * 30 + "a" + "<1)" * 30, "too many parts"),
        ("max(" + "a," * 120 + "a)", "too many parts"),
    ],
)  # fmt: skip
def test_what_is_too_much_is_refused_at_once(text: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as refusal:
        get("arithmetic.expression").validate(formula=text)
    assert str(refusal.value).endswith(".")


PIECES = st.sampled_from(
    [
        "a", "b", "c", "(", ")", "+", "-", "**", "9", "0", ".5", "1e300", "<", ">=", "==", "&", "~", "|", " not ",
        " and ", "%", "//", "/", ",", "where(", "min(", "log(", "isnan(", "clip(", " ", "__class__", ".", "=", "\n",
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=40).map("".join)))
def test_any_text_is_a_formula_or_a_sentence(text: str) -> None:
    try:
        read = parse(text)
    except Refused as refusal:
        assert str(refusal).endswith(".")
        return
    values = dict.fromkeys("abcd", np.array([-1.5, 0.0, 2.0, np.nan]))
    with np.errstate(all="ignore"):
        made = np.asarray(read.evaluate(values), np.float64)
        again = np.asarray(eval(read.python, {"__builtins__": {}, "np": np}, values), np.float64)
    assert np.broadcast_to(made, 4).tobytes() == np.broadcast_to(again, 4).tobytes()


NUMBERS = st.one_of(st.sampled_from(["a", "b"]), st.integers(0, 50).map(str), st.sampled_from(["0.5", "1e-3"]))
FORMULAS = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/%"), inner).map(lambda parts: "({}{}{})".format(*parts)),
        st.tuples(inner, inner).map(lambda parts: "where({} > {}, a, 2)".format(*parts)),
        inner.map(lambda one: f"-{one}"),
        st.tuples(st.sampled_from(["abs", "floor", "sqrt", "cos"]), inner).map(lambda parts: "{}({})".format(*parts)),
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(FORMULAS)
def test_random_formulas_have_the_value_of_python(text: str) -> None:
    values = {"a": np.array([-3.25, 0.0, 7.0]), "b": np.array([2.0, -1.0, 0.5])}
    try:
        read = parse(text)
    except Refused as refusal:
        assert "finite" in str(refusal) or "no image" in str(refusal) or "nested" in str(refusal)
        return
    with np.errstate(all="ignore"):
        made, expected = read.evaluate(values), meaning(text, **values)
    assert np.allclose(made, expected, rtol=1e-12, equal_nan=True)
