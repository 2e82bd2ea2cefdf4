"""Cut the font of the documents down to what Chinese official documents are written with.

    python tools/subset_font.py FOLDER

``FOLDER`` is the npm package ``@expo-google-fonts/noto-sans-sc``, unpacked. Written beside ``files/documents``: the
regular and the bold face, the licence, and ``characters.txt`` with every character both faces have. The same package
and the same fontTools give the same bytes.
"""

import shutil
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

TARGET = Path(__file__).parents[1] / "src" / "yipanqi" / "files" / "documents" / "fonts"
FACES = {"400Regular/NotoSansSC_400Regular.ttf": "NotoSansSC-Regular.ttf",
         "700Bold/NotoSansSC_700Bold.ttf": "NotoSansSC-Bold.ttf"}  # fmt: skip
#: Characters of names of firms, people and places that GB 2312 lacks, and symbols of measure.
RARE = (
    "喆堃翀昇玥璟珺祎瑄琎镕锜昉晞曈暐旸旻昳玙珅琤瑀璘禛橦湜澔烜燊燚垚垯埇埗堉堽嫄孖峣崚弢彧惇梽楙榞沄泂洺"
    "浐涴渼湉溦滃漷澴瀍犇芃菉薿谞赟跶鄠釴锳韡顗飏馡骉骎鹍鹮龑冧劼勍卨囧堌滧碶祃"
)
SYMBOLS = "≥≤−±×÷≈≠→←↑↓·•㎡㎥℃‰％°²³¹½¼€£¥§©®™–—…‘’“”‹›«»●○■□▲△▼▽◆◇★☆✓①②③④⑤⑥⑦⑧⑨⑩〓"


def characters() -> set[str]:
    """ASCII, Latin-1, GB 2312 and the characters above."""
    found = set(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x100)))) | set(RARE) | set(SYMBOLS)
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                found.add(bytes((row, cell)).decode("gb2312"))
            except UnicodeDecodeError:
                continue
    return found


def cut(source: Path, target: Path) -> set[str]:
    """Write the subset of one face; what it can show."""
    features = ["kern", "locl", "vert", "halt", "palt"]
    options = subset.Options(layout_features=features, hinting=False, name_IDs=["*"], recalc_timestamp=False)
    options.notdef_outline = True
    font = subset.load_font(str(source), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[ord(ch) for ch in characters()])
    cutter.subset(font)
    subset.save_font(font, str(target), options)
    return {chr(code) for code in TTFont(target).getBestCmap()}


def main(package: Path) -> None:
    """Write both faces, what they can show, and the licence."""
    TARGET.mkdir(parents=True, exist_ok=True)
    shown = [cut(package / source, TARGET / name) for source, name in FACES.items()]
    (TARGET / "characters.txt").write_text("".join(sorted(set.intersection(*shown))) + "\n", encoding="utf-8")
    shutil.copyfile(package / "LICENSE_FONT", TARGET / "OFL.txt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
