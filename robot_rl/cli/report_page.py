"""What the report's pages look like: self-contained HTML, in need of no other file and no network."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from html import escape

STYLE = """
:root{color-scheme:light;--ink:#1f2937;--faint:#6b7280;--line:#e5e7eb;--blue:#2563eb;--green:#059669}
*{box-sizing:border-box}
body{margin:0;background:#f6f7f9;color:var(--ink);font:15px/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1120px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:26px;margin:0}h2{font-size:17px;margin:0 0 10px}
header p{margin:2px 0 20px;color:var(--faint)}
section{background:#fff;border:1px solid var(--line);border-radius:12px;padding:18px 20px;margin-top:16px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(121px,1fr));gap:12px}
.card{background:#fff;border:1px solid var(--line);border-radius:12px;padding:12px}
.card b{display:block;font-size:18px;font-variant-numeric:tabular-nums;white-space:nowrap}.good>b{color:var(--green)}
.card span{color:var(--faint);font-size:13px}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:14px}
.grid.wide{grid-template-columns:repeat(auto-fit,minmax(440px,1fr))}
.grid.wide>div,.grid>div{min-width:0}
svg{width:100%;height:auto;display:block}
svg text{font-family:system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif!important}
.big{font-size:30px;margin-right:6px}
.bar{position:relative;height:14px;border-radius:7px;background:#eef0f3;margin-top:12px}
.bar i{position:absolute;top:0;bottom:0;border-radius:7px;background:#a7e3cd}
.bar b{position:absolute;top:-4px;bottom:-4px;width:4px;margin-left:-2px;border-radius:2px;background:var(--green)}
.scale{display:flex;justify-content:space-between;color:var(--faint);font-size:12px}
figure{margin:0 0 16px}figcaption{margin-bottom:6px}figcaption em{color:var(--faint);font-style:normal;float:right}
figure img{width:100%;border-radius:6px;display:block}
.tag{background:#f1f2f4;border-radius:9px;padding:1px 9px;font-size:13px}.tag.good{background:#d7f5e8;color:#065f46}
table{border-collapse:collapse;width:100%}th{color:var(--faint);font-weight:500}
th,td{text-align:left;padding:6px 10px 6px 0;border-bottom:1px solid var(--line)}
td:last-child,th:last-child{text-align:right;font-variant-numeric:tabular-nums}
pre{overflow:auto;font-size:12px;background:#f6f7f9;padding:12px;border-radius:8px}
summary{cursor:pointer}.none{color:var(--faint);margin:0}.note{color:var(--faint);margin:0 0 14px}
"""


def page(title: str, parts: Iterable[str]) -> str:
    """The whole page of `parts` (HTML)."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} - robot_rl</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def header(title: str, about: str) -> str:
    """The head of a page (HTML): its title, what it is about (text), and when it was written."""
    written = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    return f"<header><h1>{escape(title)}</h1><p>{escape(about)} · report of {written}</p></header>"


def section(title: str, body: str, otherwise: str) -> str:
    """A part of the page under its title; `otherwise` (text) says what it means that `body` (HTML) is empty."""
    return f"<section><h2>{title}</h2>{body or f'<p class=none>{escape(otherwise)}</p>'}</section>"
