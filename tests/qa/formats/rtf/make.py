"""Write the documents in this folder: `python tests/qa/formats/rtf/make.py`."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent

# In the form of Word: styles, code pages by font, notes, a table, a list, changes, hidden text.
REPORT = r"""{\rtf1\ansi\ansicpg1252\uc1\deff0
{\fonttbl{\f0\froman\fcharset0 Times New Roman{\*\falt Tms Rmn};}{\f1\fnil\fcharset129 Batang;}
{\f2\fnil\fcharset2 Symbol;}{\f3\fswiss\fcharset204 Arial Cyr;}{\f4\fnil\fcharset134 SimSun;}}
{\colortbl;\red0\green0\blue0;}
{\stylesheet{\ql\f0 \snext0 Normal;}{\s1\qc\b\outlinelevel0 \sbasedon0 heading 1;}
{\s2\b \sbasedon0 heading 2;}
{\*\cs10 \additive Default Paragraph Font;}}
{\*\generator Microsoft Word 11;}
{\info{\title Scrap at the border}{\author Pak Yong-su}{\operator Kim}
{\creatim\yr2008\mo4\dy5}{\company Nobody}}
{\header\pard\plain Confidential\par}{\footer\pard\plain Page {\field{\*\fldinst PAGE}{\fldrslt 1}}\par}
\pard\plain\s1 Scrap metal\par
\pard\plain\f0 He left{\super\chftn{\footnote\pard\plain {\super\chftn} As he said on
 \'93Monday\'94.\par}} the town\'92s market, \u8220?they say\u8221? \endash  for 20\u8364\'80.
{\v hidden words}{\deleted deleted words}{\strike struck words}\par
\pard {\f1 \'b0\'ed\'c3\'b6}{\f3 \'f1\'f2\'e0\'eb\'fc} {\f4 \'b7\'cf\'cc\'fa} {\uc2\u44256\'b0\'edx}
 caf\'e9 \u-10179?\u-8704?\par
{\pntext\pard\plain\f2\'b7\tab}\pard Copper\par
{\listtext\pard\plain 2.\tab}\pard Zinc\par
\pard\s2 Prices\par
\trowd\cellx2000\cellx4000\pard\intbl Month\cell Price\cell\row
\trowd\cellx2000\cellx4000\pard\intbl April\cell 4\~percent,\line more\cell\row
\pard{\field{\*\fldinst{HYPERLINK "http://example.org"}}{\fldrslt{\ul The source}}} is here.
{\shp{\*\shpinst\shpleft0{\sp{\sn fLine}{\sv 0}}{\shptxt\pard A box.\par}}{\shprslt{\pard A box.\par}}}
{\*\shppict{\pict\pngblip 89504e47}}{\nonshppict{\pict\wmetafile8 0100}}
{\pict\bin7 }}{{{\x}It ends{\endash}here, well\_known co\-operation.
{\chftn{\footnote\ftnalt\pard An endnote.\par}}\par
{\*\bkmkstart a}{\*\bkmkend a}{\upr{Hang\'fcl}{\*\ud{한글}}}
}
"""

if __name__ == "__main__":
    (HERE / "report.rtf").write_bytes(REPORT.replace("한글", r"\u-10916?\u-20992?").encode("ascii"))
    (HERE / "textedit.rtf").write_bytes(
        b"{\\rtf1\\ansi\\ansicpg1252\\cocoartf2639\n{\\fonttbl\\f0\\fswiss\\fcharset0 Helvetica;}\n"
        b"\\f0\\fs24 \\cf0 First line\\\n\\\nSecond \\uc0\\u44256 \\u52384  line\\'85}"
    )
    (HERE / "korean.rtf").write_bytes(
        b"{\\rtf1\\ansi\\ansicpg949\\deff0{\\fonttbl{\\f0\\fnil\\fcharset129 Gulim;}}\\pard "
        + "고철 밀수가 늘고 있다.".encode("cp949")
        + b"\\par}"
    )
