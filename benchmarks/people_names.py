"""Names, towns, companies and words of which the benchmark's people are made: three languages, common to rare."""

from __future__ import annotations

from typing import NamedTuple


def _words(text: str) -> list[str]:
    return text.split()


GIVEN = {
    "de": """Anna Lena Sabine Ulrike Petra Katharina Susanne Julia Birgit Monika Claudia Stefanie Nicole Heike
        Andrea Lea Mia Johanna Franziska Theresa Magdalena Barbara Elisabeth Gabriele Ursula Renate
        Silke Anja Tanja Melanie Michael Thomas Andreas Stefan Peter Wolfgang Klaus Jürgen Matthias
        Christian Sebastian Alexander Maximilian Lukas Jonas Felix Florian Tobias Dieter Hans Werner
        Günter Friedrich Ulrich Jens Torsten Uwe Ralf Bernd Karl Heinrich Josef Björn Jörg Sören
        Hartmut Ingo Henning Falk Wiebke Swantje Imke Antje Frauke Gesine Leopold Kunigunde""",
    "en": """James Robert John Michael William David Richard Joseph Thomas Christopher Charles Daniel Matthew
        Anthony Steven Andrew Joshua Kenneth Edward Timothy Benjamin Samuel Gregory Patrick
        Nathaniel Mary Patricia Jennifer Elizabeth Susan Jessica Sarah Margaret Rebecca Katherine
        Victoria Pamela Samantha Deborah Catherine Rachel Emma Olivia Grace Hannah Abigail Imogen
        Harriet Philippa Rosalind Gwendolyn Tamsin Alistair Declan Callum Rhys Owen Ewan Barnaby""",
    "ja": """健太:けんた 翔太:しょうた 大輔:だいすけ 健一:けんいち 誠:まこと 浩二:こうじ 拓也:たくや
        直樹:なおき 翔:しょう 翼:つばさ 蓮:れん 悠斗:ゆうと 一郎:いちろう 太郎:たろう
        雄介:ゆうすけ 亮:りょう 智也:ともや 慎一:しんいち 康平:こうへい 颯人:はやと 琉生:るい 彰宏:あきひろ
        篤史:あつし 貴大:たかひろ 花子:はなこ 陽子:ようこ
        恵子:けいこ 由美子:ゆみこ 美咲:みさき 彩香:あやか 愛:あい 葵:あおい 優香:ゆうか 直美:なおみ
        真由美:まゆみ 千尋:ちひろ 典子:のりこ 麻衣:まい 智子:ともこ
        香織:かおり 遥:はるか 芽依:めい 紗良:さら 律子:りつこ 環:たまき 梓:あずさ さくら:さくら
        ひかり:ひかり 静江:しずえ 咲良:さくら""",
}
SURNAMES = {
    "de": """Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer
        Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange
        Werner Krause Lehmann Köhler Maier Huber Groß Jäger Böhm Vogt Sauer Pfaff Lohmeyer Wegner
        Schönfeld Brandstätter Käsbohrer Tiefensee Wintergerst Hölzl Rübsamen Quandt Zschoche
        Öttinger Nüßlein Ahrens Petersen Hinrichs Claasen Feddersen Yilmaz Kowalski Nowak Horvath""",
    "en": """Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Moore Jackson Martin Lee
        Thompson White Harris Clark Lewis Robinson Walker Young King Wright Scott Green Baker Adams
        Nelson Hill Campbell Mitchell Roberts Carter Hayes Keane Whitlock Pemberton Ashdown
        Thackeray Fairweather Ollerenshaw Garside Penhaligon Trevithick Oakenfold Winterbourne
        O'Brien McAllister MacGregor Fitzgerald Patel Nguyen Garcia Okafor Szymanski""",
    "ja": """佐藤:さとう 鈴木:すずき 高橋:たかはし 田中:たなか 伊藤:いとう 渡辺:わたなべ 山本:やまもと
        中村:なかむら 小林:こばやし 加藤:かとう 吉田:よしだ 山田:やまだ 佐々木:ささき
        山口:やまぐち 松本:まつもと 井上:いのうえ 木村:きむら 林:はやし 斎藤:さいとう 清水:しみず
        山崎:やまざき 池田:いけだ 橋本:はしもと 石川:いしかわ 前田:まえだ
        長谷川:はせがわ 後藤:ごとう 遠藤:えんどう 大野:おおの 河野:こうの 菅原:すがわら 五十嵐:いがらし
        大谷:おおたに 御手洗:みたらい 一ノ瀬:いちのせ 氷室:ひむろ
        城戸:きど 不破:ふわ 大河内:おおこうち 綾部:あやべ 鳥飼:とりかい 磯貝:いそがい 鵜飼:うかい
        椎名:しいな 宇佐美:うさみ 真鍋:まなべ""",
}
RARE = {
    "de": (
        _words("""Alt Berg Birken Buch Eich Feld Grün Hasen Heide Klee Kreuz Linden Mühl Nieder Ober Roth
        Sonnen Stein
        Tannen Wald"""),
        _words("""acker bach beck brunner dorfer eder egger felder hauser heimer hofer kamp leitner mann
        meier reuter
        stetter thaler"""),
    ),
    "en": (
        _words("""Ash Black Brad Car Chester Dun East Fen Green Hart Holling Kings Lang Marl Nor Red Strat
        Thorn Wake
        Wood"""),
        _words("""berry bourne bridge brook bury by combe cote dale field ford gate ham head hurst land
        leigh ley ton
        well wick worth"""),
    ),
    "ja": (
        _words(
            """上:うえ 奥:おく 北:きた 桑:くわ 柴:しば 滝:たき 竹:たけ 塚:つか 藤:ふじ 堀:ほり 牧:まき
        峰:みね 室:むろ 森:もり 柳:やなぎ"""
        ),
        _words("""井:い 内:うち 川:かわ 沢:さわ 島:しま 田:だ 谷:や 野:の 原:はら 村:むら 本:もと 山:やま"""),
    ),
}
SHORT = {
    "Ulrike": "Uli",
    "Ulrich": "Uli",
    "Katharina": "Kathi",
    "Susanne": "Susi",
    "Stefanie": "Steffi",
    "Franziska": "Franzi",
    "Theresa": "Resi",
    "Magdalena": "Leni",
    "Elisabeth": "Lisa",
    "Gabriele": "Gabi",
    "Michael": "Micha",
    "Thomas": "Tom",
    "Andreas": "Andi",
    "Wolfgang": "Wolfi",
    "Matthias": "Matze",
    "Sebastian": "Basti",
    "Alexander": "Alex",
    "Florian": "Flo",
    "Maximilian": "Max",
    "Tobias": "Tobi",
    "Josef": "Sepp",
    "Friedrich": "Fritz",
    "Robert": "Bob",
    "James": "Jim",
    "William": "Bill",
    "Richard": "Rick",
    "Joseph": "Joe",
    "Christopher": "Chris",
    "Charles": "Charlie",
    "Daniel": "Dan",
    "Matthew": "Matt",
    "Anthony": "Tony",
    "Steven": "Steve",
    "Kenneth": "Ken",
    "Edward": "Ted",
    "Timothy": "Tim",
    "Benjamin": "Ben",
    "Samuel": "Sam",
    "Gregory": "Greg",
    "Nathaniel": "Nate",
    "Patricia": "Pat",
    "Jennifer": "Jen",
    "Elizabeth": "Liz",
    "Susan": "Sue",
    "Margaret": "Maggie",
    "Rebecca": "Becky",
    "Katherine": "Kate",
    "Victoria": "Vicky",
    "Samantha": "Sam",
    "Abigail": "Abby",
    "Deborah": "Debbie",
}


class Town(NamedTuple):
    """A town in its country's spelling and as others write it."""

    name: str
    country: str
    others: tuple[str, ...] = ()


TOWNS = {
    "de": [
        Town(n, "Germany", tuple(o))
        for n, *o in (
            ("Berlin",),
            ("Hamburg",),
            ("München", "Munich", "Muenchen"),
            ("Köln", "Cologne"),
            ("Frankfurt am Main", "Frankfurt"),
            ("Kiel",),
            ("Leipzig",),
            ("Stuttgart",),
            ("Nürnberg", "Nuremberg"),
            ("Bremen",),
            ("Freiburg",),
            ("Rostock",),
            ("Kassel",),
            ("Erfurt",),
            ("Augsburg",),
            ("Oldenburg",),
            ("Göttingen",),
        )
    ]
    + [Town("Wien", "Austria", ("Vienna",)), Town("Zürich", "Switzerland", ("Zurich",)), Town("Graz", "Austria")],
    "en": [
        Town(n, "United States", tuple(o))
        for n, *o in (
            ("Portland",),
            ("Boston",),
            ("Chicago",),
            ("Denver",),
            ("Austin",),
            ("Seattle",),
            ("New York", "NYC"),
            ("Atlanta",),
            ("Minneapolis",),
            ("Tucson",),
        )
    ]
    + [Town(n, "United Kingdom") for n in ("London", "Bristol", "Leeds", "Manchester", "Edinburgh", "Cardiff", "York")],
    "ja": [
        Town(n, "Japan", (o, o2))
        for n, o, o2 in (
            ("東京都", "東京", "Tokyo"),
            ("大阪市", "大阪", "Osaka"),
            ("仙台市", "仙台", "Sendai"),
            ("札幌市", "札幌", "Sapporo"),
            ("横浜市", "横浜", "Yokohama"),
            ("京都市", "京都", "Kyoto"),
            ("福岡市", "福岡", "Fukuoka"),
            ("名古屋市", "名古屋", "Nagoya"),
            ("広島市", "広島", "Hiroshima"),
            ("金沢市", "金沢", "Kanazawa"),
            ("松山市", "松山", "Matsuyama"),
        )
    ],
}
COMPANY_WORDS = {
    "de": (
        _words("""Nord Süd Alpen Hansa Rhein Elbe Isar Weser Merkur Phönix Falken Delta Sonnen Berg Wald
        Stern Küsten
        Anker Eifel Saar"""),
        _words("""werk tec bau druck holz glas stahl licht form data netz kraft post feld garten back mobil pharma
        optik logistik"""),
        ["GmbH", "AG", "GmbH & Co. KG", "e.K.", "KG", "SE", ""],
        ["Maschinenbau", "Systeme", "Software", "Handel", "", "", ""],
    ),
    "en": (
        _words("""Contoso Bright Silver Harbor North Summit Blue Cedar Iron Maple Falcon Copper River Stone Granite
        Orchard Beacon Atlas"""),
        _words("""line works soft wave path craft labs point gate view field mark forge stream cast bank fit
        mill yard
        wright"""),
        ["Ltd", "Inc.", "LLC", "plc", "Corp", "Co.", ""],
        ["Partners", "Media", "Foods", "Consulting", "", "", ""],
    ),
    "ja": (
        _words(
            """青葉:aoba 東海:tokai 朝日:asahi 日の出:hinode 大和:yamato 光陽:koyo 三和:sanwa 山吹:yamabuki
        若草:wakakusa 北斗:hokuto"""
        ),
        _words("""フーズ:foods 商事:shoji 製作所:seisakusho システム:system 電機:denki 印刷:print
        物産:bussan 工業:kogyo 薬品:yakuhin
        運輸:unyu"""),
        ["株式会社", "有限会社", "合同会社", ""],
        [""],
    ),
}
HOBBIES = {
    "de": [
        "Segeln",
        "Kaffee",
        "zwei Kinder",
        "Radfahren",
        "Hundemensch",
        "Fotografie",
        "hier privat",
        "Fußball",
        "Yoga & Tee",
    ],
    "en": [
        "dad of two",
        "coffee first",
        "opinions my own",
        "runner",
        "dog person",
        "photos",
        "reads too much",
        "hiking",
        "she/her",
    ],
    "ja": [
        "写真が好き",
        "二児の母",
        "コーヒー",
        "旅行",
        "猫と暮らしています",
        "マラソン",
        "つぶやきは個人の見解です",
        "読書",
    ],
}
PSEUDONYMS = {
    "de": [
        "Möwe",
        "Sternenstaub",
        "Kaffeetante",
        "Nachteule",
        "Wolkenkuckuck",
        "Der Zeitreisende",
        "Moosgrün",
        "Kartoffelkönig",
    ],
    "en": [
        "night owl",
        "Moonchild",
        "pixel wizard",
        "just a potato",
        "The Wanderer",
        "grumpy cat",
        "Coffee Goblin",
        "nobody",
    ],
    "ja": ["ねこまる", "夜更かし", "もふもふ", "まったり侍", "みかん", "名無し", "旅する人", "ぽんず"],
}
