"""Short forms of given names in German and English: two names meet when they share a root."""

from __future__ import annotations

from inbox.text import fold

_TABLE = """
abigail: abby gail
adelheid: heidi
agnes: aggie
albert: al bert bertie
alfred: fred fredi alf
alice: ali
amanda: mandy
angela: angie geli
angelika: geli angie
annemarie: annemie
arthur: art artie
august: gus gustl
augustin: gus gustl
beatrice: bea trixie
bernadette: bernie
bettina: tina betty
carolin: caro
caroline: caro carrie
cassandra: cass cassie sandra
claudia: claudi
cornelia: conny nelly
cynthia: cindy
deborah: deb debbie
diana: di
dominik: domi dom
donald: don donnie
douglas: doug
edgar: ed eddie
edmund: ed ted
eleanor: ellie nell nora
eleonore: elli lore nora
erich: erik
erwin: erwi
eugene: gene
felicitas: feli
fabian: fabi
felix: fex
frances: fran franny
francis: frank fran
gwendolyn: gwen
hannelore: hanne lore
harold: harry hal
harriet: hattie
heidemarie: heidi
helen: nell nellie
helena: lena leni
hubert: bert hubsi
isabel: isa bella
isabelle: isa bella
jacqueline: jackie jacky
janet: jan
jeffrey: jeff
jeremy: jerry
jerome: jerry
joanna: jo joey
jonas: joni
jordan: jordy
joshua: josh
julia: jule julchen
juliane: jule jule
julian: jules juli
karin: kari
kristina: tina kris
kirsten: kiki
larissa: lari
laura: lau
leonie: leo
leopold: leo poldi
louis: lou lui
louise: lou
lucas: luke
lucia: lucy
lukas: luki luk
luise: lulu
lydia: liddy
madeline: maddie
marcus: marc
marius: mari
markus: mark max
martin: mart marty tino
martina: tina
marlene: leni
marvin: marv
michaela: michi micha ela
mildred: millie
miriam: miri mimi
mitchell: mitch
nadine: nadi
natalie: nat
natascha: tascha
olivia: liv livvy
pauline: pauli
penelope: penny
philippa: pippa
rachel: rach
raimund: rai
raymond: ray
reinhard: reini
reinhold: reini
renate: reni nate
roderick: rod
roger: rodge
rosalind: ros roz
rosemarie: rosi romy
rosemary: rose rosie
roswitha: rosi
russell: russ
salvatore: sal
sarah: sally
saskia: sassi
sharon: shaz
sieglinde: linde sigi
silvia: silvi
simone: simo mone
stanley: stan
stephan: steff
tabitha: tabby
tamara: tammy mara
teresa: terry tess resi
terence: terry
theresia: resi
tobias: tobi
valentin: vale valli
valentina: vale tina
valerie: val
vincent: vince vinnie
vincenz: vinz
vivian: viv
walburga: burgi
walther: walti
zachary: zach zack
alexander: alex sascha xander sandro
alexandra: alex sandra sascha
andreas: andi andy
andrew: andy drew
anna: anni aennchen
annette: anni netti
anthony: tony
barbara: babs baerbel
benjamin: ben benny benni
bernhard: bernd
brigitte: gitte gitti
catherine: kate katie cathy cat
charles: charlie chuck
christian: chris
christina: chris tina christl
christine: chris tina christl
christopher: chris kit
christoph: chris stoffel
christa: christl
daniel: dan danny dani
daniela: dani
david: dave
dieter: didi
dietrich: dieter
dorothea: dora doro thea
dorothy: dot dotty dolly
edward: ed eddie ted ned
eberhard: ebi hardy
elisabeth: elli lisa lisbeth sissi elsbeth betti liesl
elizabeth: liz lizzie beth betty eliza lisa
emanuel: manu
ernst: erni
eva: evi
ferdinand: ferdi
florian: flo
franz: franzl
franziska: franzi
frederick: fred freddie
friedrich: fritz friedel
gabriele: gabi gaby
georg: schorsch
gerhard: gerd gert
gertrud: traudl trude
gregor: gregg greg
gregory: greg
guenter: guenni
hans: hansi
heinrich: heiner heinz
helene: leni lena
henry: harry hank
hildegard: hilde
ingeborg: inge
ingrid: inge
isabella: isa bella
jacob: jake
jakob: jockel
james: jim jimmy jamie
jennifer: jen jenny
jessica: jess jessi
joachim: achim jochen
johann: hans
johannes: hannes hans
johanna: hanna
john: jack johnny
jonathan: jon jonny
josef: sepp jupp
joseph: joe joey
josephine: josie fine
judith: judy
juergen: joerg
karl: kalle
karoline: caro line
katharina: kathi kati kaethe katja
katherine: kate katie kathy kit
kenneth: ken kenny
konrad: konni
konstantin: kosta
lawrence: larry
leonard: leo len lenny
leonhard: leo hardy
ludwig: lutz wiggerl
magdalena: lena magda leni
manfred: manni fred
margaret: maggie meg peggy
margarete: grete gretel greta
maria: mia mitzi
marianne: nanni
matthew: matt
matthias: matze hias
maximilian: max maxi
melanie: mel melli
michael: mike michi micha mick mickey
michelle: shelly
monika: moni
nathaniel: nate
nicholas: nick nicky
nicole: nicki
nikolaus: klaus niko nik
oliver: olli ollie
pamela: pam
patricia: pat patty trish
patrick: pat paddy
peter: pete
philipp: phil
philip: phil
rebecca: becky
regina: gina
richard: rick dick rich richie
robert: bob bobby rob robbie bert
roland: rolly
ronald: ron
rudolf: rudi rolf
samuel: sam
samantha: sam
sebastian: basti bastian seb
siegfried: siggi
sigmund: siggi
sophia: sophie
stefan: steff
stefanie: steffi
stephanie: steffi steph
stephen: steve
steven: steve
susan: sue susie
susanne: susi sanne
theodor: theo
theodore: ted theo
theresa: resi tess
thomas: tom tommy
timothy: tim
ulrich: uli ulli
ulrike: uli ulli ulla
ursula: uschi ulla
veronika: vroni
victoria: vicky tori
viktoria: vicky vicki
volker: volki
waldemar: waldi
walter: walt
werner: werni
wilhelm: willi willy
william: bill billy will willy liam
wolfgang: wolfi wolf
zacharias: zach
"""


def _roots() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in _TABLE.strip().splitlines():
        name, _, short = line.partition(":")
        for form in (name, *short.split()):
            found.setdefault(form, set()).add(name)
    return {form: frozenset(roots) for form, roots in found.items()}


_ROOTS = _roots()


def roots(given: str) -> frozenset[str]:
    """The full names a given name may stand for, folded; itself when the table does not know it."""
    folded = fold(given)
    return _ROOTS.get(folded, frozenset({folded})) | {folded}


def related(left: str, right: str) -> bool:
    """One of them is a short form of the other, or both are of the same name."""
    return bool(roots(left) & roots(right))
