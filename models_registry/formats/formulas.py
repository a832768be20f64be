"""Formulas in LaTeX as MathML, which browsers draw without script, style or fonts of ours.

latex2mathml understands LaTeX; what it makes is not taken as it is: tags and attributes come from a short list here, and
every text is escaped anew.
"""

from html import escape, unescape
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

LONGEST = 4_000  # characters of one formula
TAGS = frozenset(
    """
    math maction mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle msub
    msubsup msup mtable mtd mtext mtr munder munderover none
    """.split()
)
ATTRIBUTES = frozenset(
    """
    accent accentunder columnalign columnspacing columnspan depth displaystyle fence form height linethickness lspace
    mathvariant maxsize minsize movablelimits rowspacing rowspan rspace scriptlevel separator stretchy symmetric voffset
    width
    """.split()
)


class NotAFormula(ValueError):
    """This is no LaTeX that can be drawn."""


def mathml(latex: str, *, is_block: bool) -> str:
    """The formula as a <math> element, safe to stand in any page. Raises NotAFormula."""
    if len(latex) > LONGEST:
        raise NotAFormula(f"The formula has more than {LONGEST} characters.")
    try:
        element = convert_to_element(latex.strip(), display="block" if is_block else "inline")
        inner = "".join(_written(child) for child in element)
    except (RecursionError, Exception) as error:
        raise NotAFormula("This is no LaTeX that can be drawn.") from error
    display = ' display="block"' if is_block else ""
    return f'<math{display} aria-label="{escape(latex.strip())}">{inner}</math>'


def _written(element: Element) -> str:
    inner = escape(unescape(element.text or "")) + "".join(_written(child) for child in element)
    tail = escape(unescape(element.tail or ""))
    if element.tag not in TAGS:
        return f"<mrow>{inner}</mrow>{tail}"
    attributes = "".join(
        f' {name}="{escape(str(value))}"' for name, value in element.attrib.items() if name in ATTRIBUTES
    )
    return f"<{element.tag}{attributes}>{inner}</{element.tag}>{tail}"
