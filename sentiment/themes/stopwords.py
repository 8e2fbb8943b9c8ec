"""Words that say nothing about what a text is about, folded as in search (inbox.text.fold)."""

from __future__ import annotations

from inbox.text import fold

_GERMAN = """
aber abends alle allem allen aller alles als also am an andere anderen anders auch auf aus bei beim bereits besser
bestimmt bis bin bist bitte bisschen brauche brauchen da dabei dafür dagegen daher damit danach dann danke dank daran
darauf daraus darf darum das dass dazu dein deine deinem deinen deiner dem den denen denn der deren des deshalb dessen
die dies diese diesem diesen dieser dieses dir doch dort drei du durch dürfen eben echt eher eigentlich ein eine einem
einen einer eines einfach einige einiges einmal endlich er erst erste es etwa etwas euch euer eure eurem euren eurer
fast findet finde find für ganz gar gab geben gegen geht gehen gehört gemacht genau genug gerade gerne gern gibt
ging gleich gut gute guten guter habe haben habt hallo hat hatte hatten hattet heute hier hin hinter hätte hätten
ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im immer in ins irgendwie ist ja jede jedem jeden jeder jedes
jemand jetzt kann kannst kein keine keinem keinen keiner kommen kommt könnt können könnte könnten konnte lassen lang
lange leider lieber liebe liebes los mache machen macht mag mal man manche mehr mein meine meinem meinen meiner meines
mich mir mit mittlerweile möchte möchten morgen muss müssen musste nach nachdem natürlich neben nein nicht nichts nie
niemand noch nun nur ob oder ohne per schon sehr seid sein seine seinem seinen seiner seit seitdem selber selbst sich
sie sind so sogar solche soll sollen sollte sollten sondern sonst soviel stimmt super tag tage tagen trotz tun tut
über um und uns unser unsere unserem unseren unter vom von vor vielen viel viele vielleicht völlig wann war wäre wären
waren warum was weder weg wegen weil weiß weiter welche welchem welchen welcher wenig wenn wer werde werden wie wieder
will willst wir wird wirklich wo wohl wollen wollte worden wurde wurden würde würden zu zum zur zwar zwei zwischen
guten hi hey moin servus gruß grüße lg vg mfg sowas nix ne nö eh halt krass mega toll gibt's geht's hab
"""

_ENGLISH = """
a about after again ago all almost already also always am an and another any anyone anything are around as ask at away
back be because been before being best better between both but by came can cannot cant come comes could couldnt day
days did didnt do does doesnt doing done dont down each either else even ever every everyone everything far few find
first for from gave get gets getting give go goes going gone gonna good got great guys had has hasnt have havent having
he hello hello help her here hers hey hi him his how however i id if ill im in instead into is isnt it its itself ive
just keep kind know last least let lets like little ll long look looking lot lots made make makes many may maybe me
might mine more most much must my myself need needs never new next no nobody none not nothing now of off often oh ok
okay old on once one only or other our ours out over own people please put quite rather re really right s said same
say says see seem seems shall she should shouldnt since so some someone something sometimes soon still such sure t take
tell than thank thanks that thats the their theirs them then there theres these they theyre thing things think this
those though three through till time times to today together told tomorrow too took toward tried try trying two under
until up upon us use used using very via wanna want wanted wants was wasnt way we well went were weve what whats when
where whether which while who whole whom whose why will wish with within without wont would wouldnt wow yes yesterday
yet you your youre yours yourself youve much ya yeah lol pls plz thx u ur hour hours week weeks month months
"""

_JAPANESE = """
今日 昨日 明日 今 今回 前回 次回 最近 本日 先日 毎日 毎回 一番 一度 一回 一部 全部 全然 本当 自分 私 僕 俺
皆 皆様 皆さん 人 方 事 物 時 所 為 感 気 中 上 下 前 後 他 間 内 方法 場合 以上 以下 以前 以降 程度 様 先
思 言 見 行 来 出 使 何 何度 何故 何時 普通 結局 結構 多分 大変 非常 少 多 無 有 良 悪 可能 必要 状態 状況
内容 感謝 宜 願 お願 教 頂 下記 上記 同様 特 別 例 年 月 日 分 秒 回 円 個 件 名 点 番 目 度 社 御社 弊社
貴社 お客様 客様 ありがとう 一応 絶対 マジ メチャ メッチャ ホント コレ ソレ アレ ココ ソコ ヤツ モノ コト
トコ ハイ サン チャン
"""

WORDS: dict[str, frozenset[str]] = {
    language: frozenset(fold(word).replace("'", "") for word in text.split())
    for language, text in (("de", _GERMAN), ("en", _ENGLISH), ("ja", _JAPANESE))
}
"""Stop words by language."""

ANY = frozenset().union(*WORDS.values())
"""For texts in other languages, and in more than one."""
