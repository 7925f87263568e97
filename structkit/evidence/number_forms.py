"""Further words of numbers by language: ordinals, halves, dozens, and counts of times and of people."""

from __future__ import annotations

from decimal import Decimal

from structkit.evidence.folding import fold

FORMS = {
    "en": "twice=2 thrice=3 nil=0 hundredth=100 couple=2x",
    "de": "dreiviertel=0.75 dreiviertelstunde=0.75 viertelstunde=0.25 doppelt=2 "
    "zweit=2 dritt=3 viert=4 fünft=5 sechst=6 halbes=0.5 beide=2 beiden=2",
    "fr": "huitante=80 paire=2x dizaine=10x dizaines=10x quinzaine=15x vingtaine=20x trentaine=30x "
    "quarantaine=40x cinquantaine=50x soixantaine=60x centaine=100x centaines=100x millier=1000x milliers=1000x "
    "septième=7 huitième=8 neuvième=9 dixième=10 treizième=13 quatorzième=14 quinzième=15 vingtième=20",
    "es": "par=2x decena=10x decenas=10x quincena=15x veintena=20x treintena=30x cincuentena=50x centenar=100x "
    "centenares=100x millar=1000x millares=1000x tercer=3 tercera=3 cuarto=4 quinta=5 sexta=6 séptima=7 octava=8 "
    "novena=9 décima=10 undécimo=11 duodécimo=12 vigésimo=20",
    "it": "dozzine=12x mezzora=0.5 paio=2x paia=2x decina=10x decine=10x quindicina=15x ventina=20x trentina=30x "
    "quarantina=40x cinquantina=50x sessantina=60x centinaio=100x centinaia=100x migliaio=1000x migliaia=1000x "
    "terza=3 quarto=4 quinta=5 sesta=6 settima=7 ottava=8 nona=9 decima=10 ventesimo=20 ventunesimo=21 "
    "trentesimo=30 bilocale=2 trilocale=3 quadrilocale=4",
    "pt": "dúzia=12x dúzias=12x dezasseis=16 dezassete=17 dezanove=19 quatorze=14 dezena=10x dezenas=10x "
    "quinzena=15x centena=100x centenas=100x milhar=1000x milhares=1000x terceira=3 quarto=4 sétima=7 oitava=8 "
    "nona=9 décima=10",
    "nl": "anderhalf=1.5 anderhalve=1.5 tweeënhalf=2.5 tweeënhalve=2.5 tweeëneenhalf=2.5 drieënhalf=3.5 "
    "drieënhalve=3.5 drieëneenhalf=3.5 vierenhalf=4.5 vierenhalve=4.5 vijfenhalf=5.5 vijfenhalve=5.5 "
    "zesenhalf=6.5 halve=0.5 tiental=10x twintigtal=20x dertigtal=30x honderdtal=100x kwart=0.25 halfuur=0.5 "
    "tweemaal=2 driemaal=3 viermaal=4",
    "pl": "tuzin=12x tuziny=12x tuzinów=12x tuzina=12x ćwierć=0.25 czworo=4 czworga=4 sześcioro=6 siedmioro=7 "
    "ośmioro=8 "
    "dziesięcioro=10 czwórka=4 czwórki=4 trójka=3 piątka=5 dwukrotnie=2 trzykrotnie=3 czterokrotnie=4 "
    "dziesiątek=10x setek=100x setki=100x obydwa=2 oboje=2 obaj=2 półgodziny=0.5",
    "ru": "дюжина=12x дюжины=12x дюжин=12x дюжину=12x полтораста=150 полчаса=0.5 получаса=0.5 полгода=0.5 "
    "полугода=0.5 полкило=0.5 поллитра=0.5 полмиллиона=500000 дважды=2 трижды=3 четырежды=4 оба=2 обе=2 обоих=2 "
    "десяток=10x десятка=10x десятков=10x десятки=10x сотня=100x сотни=100x сотен=100x четверть=0.25 тыща=1000* "
    "тыщи=1000* тыщ=1000* полторы=1.5 шестеро=6 семеро=7 пара=2x пару=2x пол=0.5 нуль=0 ноля=0 нулю=0 "
    "тысяче=1000* тысячей=1000* тысячью=1000* тысячам=1000* тысячами=1000* миллиону=1000000* миллионом=1000000* "
    "двадцатью=20 тридцатью=30 пятьюдесятью=50 шестьюдесятью=60 девяноста=90 двумстам=200 тремстам=300 пятистам=500 "
    "четырёхсот=400 шестисот=600 семисот=700 восьмисот=800 девятисот=900 одиннадцатью=11 двенадцатью=12 "
    "пятнадцатью=15 полдюжины=6",
    "uk": "один=1 одна=1 одну=1 одне=1 два=2 три=3 пять=5 девять=9 десять=10 пятнадцять=15 девятнадцять=19 "
    "сорок=40 пятдесят=50 девяносто=90 сто=100 триста=300 чотириста=400 пятсот=500 девятсот=900 пяти=5 девяти=9 "
    "десяти=10 пятьма=5 пятьох=5 шести=6 сімох=7 пятеро=5 двоє=2 троє=3 четверо=4 двічі=2 тричі=3 чотири=4 "
    "пів=0.5 півгодини=0.5 півроку=0.5 чверть=0.25 обидва=2 обидві=2 десяток=10x десятків=10x сотня=100x нуль=0 "
    "тисяч=1000* тисячі=1000* півтораста=150",
    "bg": "един=1 една=1 едно=1 два=2 две=2 три=3 пет=5 сто=100 четиристотин=400 петстотин=500 шестстотин=600 "
    "седемстотин=700 осемстотин=800 деветстотин=900 тринадесет=13 четиринадесет=14 шестнадесет=16 "
    "седемнадесет=17 осемнадесет=18 деветнадесет=19 двайсет=20 трийсет=30 четирийсет=40 шейсет=60 единайсет=11 "
    "дванайсет=12 тринайсет=13 петнайсет=15 двама=2 трима=3 четирима=4 петима=5 половин=0.5 дузина=12x "
    "десетина=10x стотина=100x хиляди=1000* хиляда=1000* двукратно=2 трикратно=3 нула=0",
    "sr": "један=1 једна=1 једно=1 два=2 две=2 три=3 четири=4 пет=5 шест=6 седам=7 осам=8 девет=9 десет=10 "
    "једанаест=11 дванаест=12 тринаест=13 четрнаест=14 петнаест=15 шеснаест=16 седамнаест=17 осамнаест=18 "
    "деветнаест=19 двадесет=20 тридесет=30 четрдесет=40 педесет=50 шездесет=60 седамдесет=70 осамдесет=80 "
    "деведесет=90 сто=100 двеста=200 двјеста=200 триста=300 четиристо=400 петсто=500 шестсто=600 седамсто=700 "
    "осамсто=800 деветсто=900 хиљада=1000* хиљаду=1000* хиљаде=1000* милион=1000000* милиона=1000000* двоје=2 "
    "троје=3 двапут=2 трипут=3 трећи=3 трећем=3 четврти=4 четвртом=4 пети=5 петом=5",
    "hr": "dvesta=200 četristo=400 hiljadu=1000* tisuću=1000* tucet=12x troje=3 četvero=4 petero=5 dvaput=2 "
    "triput=3 polovica=0.5 trećem=3 stotinjak=100 obojica=2",
    "sl": "tisoče=1000* ducat=12x dvakrat=2 trikrat=3 četrt=0.25 poldrug=1.5 tretje=3 tretjem=3",
    "cs": "tucet=12x tucty=12x dvakrát=2 třikrát=3 čtyřikrát=4 půldruhého=1.5 půlhodina=0.5 půlhodinu=0.5 "
    "čtvrtina=0.25 dvojí=2 dvoje=2 troje=3 čtvero=4 patero=5 oba=2 obě=2 desítka=10x desítky=10x stovka=100x "
    "tuctu=12x stům=100* tisícům=1000* tisíci=1000* "
    "stovky=100x třem=3 jednadvacet=21 jednatřicet=31 jednačtyřicet=41 jednapadesát=51 "
    "třinácti=13 čtrnácti=14 šestnácti=16 sedmnácti=17 osmnácti=18 devatenácti=19 čtyřiceti=40 šedesáti=60 "
    "sedmdesáti=70 osmdesáti=80 devadesáti=90",
    "sk": "tucet=12x dvakrát=2 trikrát=3 štyrikrát=4 dvesto=200 dva=2 dvaja=2 traja=3 štyria=4 piati=5 šiesti=6 "
    "štvrtina=0.25 dvoje=2 troje=3 obaja=2 stovka=100x tisíce=1000* siedmich=7 ôsmich=8 deviatich=9 "
    "dvanástich=12 pätnástich=15 dvadsiatich=20 tridsiatich=30 štyridsiatich=40 päťdesiatich=50 polhodina=0.5 "
    "polhodinu=0.5",
    "ro": "treilea=3 treia=3 patrulea=4 patra=4 cincilea=5 cincea=5 șaselea=6 șasea=6 șaptelea=7 șaptea=7 "
    "optulea=8 opta=8 nouălea=9 zecelea=10 zecea=10 duzină=12x duzini=12x jumătate=0.5 sfert=0.25 ambele=2 "
    "doisprezecelea=12",
    "hu": "tucat=12x kétszer=2 háromszor=3 négyszer=4 félóra=0.5 félórát=0.5 negyed=0.25 ketten=2 hárman=3 "
    "négyen=4 öten=5 hatan=6 heten=7 nyolcan=8 kilencen=9 tízen=10 százat=100* ezret=1000* milliót=1000000* "
    "tucatnyi=12x kettes=2 hármas=3 dupla=2 mindkét=2 kettő=2",
    "tr": "düzine=12x birer=1 ikişer=2 üçer=3 dörder=4 beşer=5 onar=10 yarımşar=0.5 ikinci=2",
    "el": "δωδεκάδα=12x δεκάδα=10x τρίτο=3 τέταρτο=4 πέμπτο=5 έκτο=6 έβδομο=7 όγδοο=8 ένατο=9 μισής=0.5 "
    "μισού=0.5 ζευγάρι=2x εκατοντάδα=100x εικοσάδα=20x",
    "sv": "halvannan=1.5 halvtannat=1.5 dussin=12x tjog=20x tiotal=10x hundratal=100x halvtimme=0.5 kvarts=0.25 "
    "tjugoen=21 trettioen=31 fyrtioen=41 femtioen=51 halvt=0.5 tvåan=2 trean=3 fyran=4 trea=3 fyra=4 tvåa=2 "
    "båda=2 trettonde=13 par=2x tolvte=12",
    "da": "enogtyve=21 enogtredive=31 enogfyrre=41 enoghalvtreds=51 enogtres=61 halvt=0.5 dusin=12x snes=20x begge=2 "
    "halvtime=0.5 kvart=0.25 par=2x tolvte=12",
    "no": "halvt=0.5 dusin=12x snes=20x halvtime=0.5 begge=2 kvart=0.25 par=2x tolvte=12",
    "is": "núll=0 einn=1 ein=1 eitt=1 tveir=2 tvær=2 tvö=2 þrír=3 þrjár=3 þrjú=3 fjórir=4 fjórar=4 fjögur=4 "
    "fimm=5 sex=6 sjö=7 átta=8 níu=9 tíu=10 ellefu=11 tólf=12 þrettán=13 fjórtán=14 fimmtán=15 sextán=16 "
    "sautján=17 átján=18 nítján=19 tuttugu=20 þrjátíu=30 fjörutíu=40 fimmtíu=50 sextíu=60 sjötíu=70 áttatíu=80 "
    "níutíu=90 hundrað=100* hundruð=100* þúsund=1000* tveggja=2 tveimur=2 þriggja=3 þremur=3 fjögurra=4 fjórum=4 "
    "hálf=0.5 hálft=0.5 hálfan=0.5 tylft=12x tvisvar=2 þrisvar=3 þriðja=3 þriðju=3 fjórðu=4 fimmtu=5",
    "fi": "tusina=12x tusinaa=12x kahdesti=2 kolmesti=3 kolmannessa=3 kolmannen=3 neljännessä=4 neljännen=4 "
    "viidennessä=5 viidennen=5 kuudennessa=6 kuudennen=6 seitsemännessä=7 kahdeksannessa=8 kolmas=3 "
    "neljännes=0.25 puolen=0.5 puolta=0.5 puolentoista=1.5 kaksio=2 kolmio=3 molemmat=2 kymmeneen=10 kahteen=2 "
    "kolmeen=3 neljään=4 viiteen=5 kuuteen=6 kahdessa=2 kolmessa=3 neljässä=4 viidessä=5 kahdella=2 kolmella=3 "
    "neljällä=4 viidellä=5 kuudella=6 seitsemällä=7 kahdeksalla=8 neljää=4 viittä=5 kuutta=6 seitsemää=7 kahdeksaa=8 "
    "tuhannella=1000* sadalla=100*",
    "et": "tosin=12x kolmandal=3 kolmanda=3 neljandal=4 neljanda=4 viiendal=5 viienda=5 kuuenda=6 poole=0.5 "
    "poolt=0.5 veerand=0.25 mõlemad=2 kaheks=2 kolmeks=3 neljaks=4 kahest=2 kolmest=3",
    "lt": "tuzinas=12x dukart=2 triskart=3 pusantros=1.5 pusantrų=1.5 pustrečio=2.5 pustrečios=2.5 pusės=0.5 "
    "dviejose=2 dviejuose=2 dviem=2 trims=3 trijose=3 trijuose=3 keturiems=4 keturioms=4 penkiems=5 dvejus=2 "
    "trejus=3 ketverius=4 penkerius=5 dveji=2 treji=3 dvejų=2 trejų=3 penkerių=5 septynių=7 aštuonių=8 devynių=9 "
    "trečiame=3 ketvirtame=4 penktame=5 abu=2 abi=2 keturis=4 penkis=5 šešis=6 septynis=7 aštuonis=8 devynis=9 "
    "keturias=4 penkias=5 šešias=6 septynias=7 aštuonias=8 devynias=9 šimtus=100* tūkstančius=1000* tūkstantį=1000* "
    "milijoną=1000000* milijonus=1000000* pusantro=1.5 "
    "du=2",
    "lv": "ducis=12x divreiz=2 trīsreiz=3 pusotras=1.5 pusotru=1.5 pusotri=1.5 divos=2 divām=2 diviem=2 "
    "trijiem=3 trijām=3 četriem=4 pieciem=5 sešiem=6 septiņiem=7 astoņiem=8 deviņiem=9 desmitiem=10 četrus=4 "
    "septiņas=7 astoņas=8 deviņas=9 "
    "četrām=4 piecām=5 sešām=6 septiņus=7 astoņus=8 deviņus=9 simtus=100* tūkstošus=1000* tūkstotim=1000* "
    "piecus=5 sešus=6 abi=2 abas=2 ceturtdaļa=0.25 divas=2",
    "ca": "desena=10x dotzena=12x quinzena=15x vintena=20x centenar=100x parell=2x tercer=3 tercera=3 quart=4 "
    "cinquè=5 cinquena=5 sisè=6 setè=7 vuitè=8 vuit-cents=800",
    "eu": "bat=1 bi=2 hiru=3 lau=4 bost=5 sei=6 zazpi=7 zortzi=8 bederatzi=9 hamar=10 hamaika=11 hamabi=12 "
    "hamahiru=13 hamalau=14 hamabost=15 hamasei=16 hamazazpi=17 hemezortzi=18 hemeretzi=19 hogei=20 hogeita=20 "
    "berrogei=40 berrogeita=40 hirurogei=60 hirurogeita=60 laurogei=80 laurogeita=80 ehun=100 mila=1000* "
    "erdi=0.5 hirugarren=3 laugarren=4",
    "id": "selusin=12 lusin=12x sepasang=2 sebuah=1 seorang=1 sejuta=1000000 ketiga=3 keempat=4 kelima=5 "
    "keenam=6 ketujuh=7 kedelapan=8 kesembilan=9 kesepuluh=10 separuh=0.5 seperempat=0.25 kodi=20x nol=0 "
    "lapan=8 kosong=0 suku=0.25 sedozen=12 berdua=2 bertiga=3 berempat=4 berlima=5 berenam=6",
    "vi": "nửa=0.5 đôi=2x tá=12x",
    "ar": "مليوني=2000000 ألفي=2000 مئتي=200 مائتي=200 الثالث=3 الثالثة=3 الرابع=4 الرابعة=4 الخامس=5 الخامسة=5 "
    "السادس=6 السادسة=6 السابع=7 السابعة=7 الثامن=8 الثامنة=8 التاسع=9 التاسعة=9 العاشر=10 العاشرة=10 "
    "الحاديعشر=11 الثانيعشر=12 الثالثعشر=13 الرابععشر=14 الخامسعشر=15 السادسعشر=16 السابععشر=17 الثامنعشر=18 "
    "التاسععشر=19 العشرون=20 العشرين=20 الثلاثين=30 دزينة=12x مليونين=2000000",
    "he": "שלישית=3 רביעית=4 חמישית=5 שישית=6 שביעית=7 שמינית=8 תשיעית=9 עשירית=10 תריסר=12 זוג=2x "
    "מיליון=1000000*",
    "fa": "سوم=3 چهارم=4 پنجم=5 ششم=6 هفتم=7 هشتم=8 نهم=9 دهم=10 یازدهم=11 دوازدهم=12 نیم=0.5 ربع=0.25 "
    "میلیون=1000000* میلیارد=1000000000* هزار=1000* صفر=0 جفت=2x پانصد=500",
    "hi": "तीसरी=3 तीसरा=3 तीसरे=3 चौथी=4 चौथा=4 चौथे=4 पांचवीं=5 पाँचवीं=5 पांचवां=5 पांचवें=5 छठी=6 छठा=6 "
    "छठे=6 सातवीं=7 सातवें=7 आठवीं=8 आठवें=8 नौवीं=9 दसवीं=10 दसवें=10 दर्जन=12x जोड़ी=2x पौन=0.75 शून्य=0 "
    "दोनों=2 दोबारा=2",
}  # fmt: skip
"""Words with their values; with a star, they multiply the number before them, as those with an x do by themselves."""

UNCLEAR = frozenset(
    fold(
        "couple paire beide beiden heten suku halvt trea quinta sexta octava novena nonas sesta nona "
        "quarto cuarto dizaine quincena quarantaine patra opta dupla kvarts begge poole halve"
    ).split()
)
"""Words of other meanings in other languages, which count in texts in their own language only."""


def factors_of(words: str, sign: str) -> dict[str, int]:
    """Return the words of a table that have a sign after their number, with that.

    >>> factors_of("vingtaine=20x mille=1000*", "x")
    {'vingtaine': 20}
    """
    pairs = (each.partition("=") for each in words.split())
    return {fold(word): int(value[:-1]) for word, _, value in pairs if value.endswith(sign)}


def values_of(words: str) -> dict[str, Decimal]:
    """Return the words of a table that have no sign after their number, with that.

    >>> values_of("treilea=3 mii=1000*")
    {'treilea': Decimal('3')}
    """
    pairs = (each.partition("=") for each in words.split())
    return {fold(word): Decimal(value) for word, _, value in pairs if value[-1].isdigit()}
