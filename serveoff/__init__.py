"""Measure every endpoint fairly, judge the points, render the report."""
