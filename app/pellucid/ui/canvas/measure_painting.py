"""The strokes of annotations: lines with a halo, arrow heads, arcs and handles, in widget pixels."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform

from pellucid.model.annotations import Kind
from pellucid.ui import theme
from pellucid.ui.canvas.measure_scene import Item

_HANDLE = 3.5
_HALO = QColor(16, 16, 16)
"""Opaque: Qt strokes a translucent line five times as slowly."""


def paint_line(painter: QPainter, item: Item, transform: QTransform, *, strong: bool) -> None:
    """Draw the line with a dark halo, so that it is seen on any grey; faint ones are dashed and have none."""
    annotation = item.annotation
    color, width = QColor(annotation.color), 2.2 if strong else 1.5
    pens = [QPen(_HALO, width + 2), QPen(color, width)]
    if item.faint:
        color.setAlphaF(0.45)
        pens = [QPen(color, width, Qt.PenStyle.DashLine)]
    path = transform.map(item.path)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in pens:
        pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
        painter.setPen(pen)
        if annotation.kind is Kind.POINT:
            _paint_cross(painter, transform.map(QPointF(*item.line[0])))
        else:
            painter.drawPath(path)
        if annotation.kind is Kind.ARROW and len(item.line) == 2:
            _paint_head(painter, *(transform.map(QPointF(*end)) for end in item.line))
    if annotation.kind is Kind.COBB and len(item.line) == 4:
        _join_cobb(painter, item, transform, color)
    elif annotation.kind is Kind.ANGLE and len(item.line) == 3:
        _paint_arc(painter, item, transform, color)


def _paint_cross(painter: QPainter, at: QPointF) -> None:
    painter.drawEllipse(at, 4.0, 4.0)
    for step in (QPointF(1, 0), QPointF(0, 1)):
        for side in (-1, 1):
            painter.drawLine(at + step * side * 4, at + step * side * 9)


def _paint_head(painter: QPainter, tip: QPointF, tail: QPointF) -> None:
    away = np.array([tail.x() - tip.x(), tail.y() - tip.y()])
    length = float(np.hypot(*away))
    if length < 1:
        return
    turn = np.arctan2(away[1], away[0])
    for side in (-0.42, 0.42):
        end = QPointF(np.cos(turn + side), np.sin(turn + side)) * min(12.0, length)
        painter.drawLine(tip, tip + end)


def _join_cobb(painter: QPainter, item: Item, transform: QTransform, color: QColor) -> None:
    """Draw a fine line between the middles of both lines: they belong together."""
    middles = [transform.map(QPointF(*item.line[n : n + 2].mean(axis=0))) for n in (0, 2)]
    painter.setPen(QPen(color, 1, Qt.PenStyle.DotLine))
    painter.drawLine(*middles)


def _paint_arc(painter: QPainter, item: Item, transform: QTransform, color: QColor) -> None:
    first, vertex, last = (transform.map(QPointF(*point)) for point in item.line)
    arms = [QPointF(end - vertex) for end in (first, last)]
    radius = min(18.0, *(float(np.hypot(arm.x(), arm.y())) * 0.6 for arm in arms))
    start, stop = (np.degrees(np.arctan2(-arm.y(), arm.x())) for arm in arms)
    span = (stop - start + 180) % 360 - 180
    painter.setPen(QPen(color, 1))
    painter.drawArc(QRectF(vertex.x() - radius, vertex.y() - radius, 2 * radius, 2 * radius),
                    round(16 * start), round(16 * span))  # fmt: skip


def paint_handles(painter: QPainter, item: Item, transform: QTransform, under_mouse: int | None) -> None:
    """Draw a small square at each handle, a larger blue one where the mouse is."""
    painter.setPen(QPen(QColor(0, 0, 0, 200), 1))
    for n, (u, v) in enumerate(item.handles.tolist()):
        at, size = transform.map(QPointF(u, v)), _HANDLE + (1.0 if n == under_mouse else 0.0)
        painter.setBrush(QColor(theme.DARK.accent) if n == under_mouse else QColor("#ffffff"))
        painter.drawRect(QRectF(at.x() - size, at.y() - size, 2 * size, 2 * size))
    painter.setBrush(Qt.BrushStyle.NoBrush)
