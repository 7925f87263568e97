"""Further names of months and weekdays, beside `month_names`, from the Unicode CLDR 49 (Unicode License v3), folded.

A name that is one month or another by its language is left out; abbreviations are those of CLDR.
"""

from __future__ import annotations

FURTHER_MONTH_NAMES = (
    (
        "eanair faoi genier genver ghennargiu ionawr janaayo janairu janar jannaayo jannar januarie januwari "
        "jenuwari leden rebendan sausis sijecanj styczen yanvar yanwar ιανουαριοσ сту студзень студзеня січень "
        "январь јан јануар јануари қаң қаңтар հնվ հունվար հունվարի יאנ יאנואר جنوري جنوری ژانویه जाने जानेवारी "
        "জানু জানুয়ারি ਜਨਵਰੀ જાન્યુ જાન્યુઆરી ஜனவரி జనవరి ಜನವರಿ ജനു ജനുവരി იან იანვარი ጃንዋሪ"
    ),
    (
        "chwef chwefror faburairu feabh feabhra febraayo febrier februwari fevral fewral frar freargiu gearr luty "
        "pebrero shkurt sibat vasaris veljaca φεβρουαριοσ ақп ақпан лютага лютии люты феб фебруар февраль փետրվար "
        "փետրվարի փտվ פעב פעברואר فبروري فروری فوریه فېبروري फ़र फ़रवरी फेब्रु फेब्रुअरी फेब्रुवारी ফেব "
        "ফেব্রুয়ারি ਫ਼ਰ ਫ਼ਰਵਰੀ ફેબ્રુ ફેબ્રુઆરી பிப் பிப்ரவரி ఫిబ్ర ఫిబ్రవరి ಫೆಬ್ರ ಫೆಬ್ರವರಿ ഫെബ്രു ഫെബ്രുവരി თებ "
        "თებერვალი ፌብሩዋሪ"
    ),
    (
        "adar brezen kovas maachi maarso mac machi maerz marec maris marso martzu marzec marzu mashi mawrth meur "
        "meurzh ozujak μαρτιοσ березень нау наурыз сак сакавік сакавіка մարտ մարտի մրտ מערץ مارچ মার্চ ਮਾਰਚ માર્ચ "
        "மார் மார்ச் మార్చి ಮಾರ್ಚ್ മാർ മാർച്ച് მარ მარტი ማርች"
    ),
    (
        "abrell abriil abrile afirilu aibrean aprel balandis duben ebrel ebrill ephreli epreel gibl kwiecien "
        "prill travanj απριλιοσ апрель квітень кра красавік красавіка сәу сәуір ապր ապրիլ ապրիլի اوریل اپریل "
        "अप्रिल एप्रि एप्रिल এপ্রি এপ্রিল ਅਪ੍ਰੈ ਅਪ੍ਰੈਲ એપ્રિલ ஏப் ஏப்ரல் ఏప్రి ఏప్రిల్ ಏಪ್ರಿ ಏಪ್ರಿಲ್ ഏപ്രി ഏപ്രിൽ "
        "აპრ აპრილი ኤፕሪ ኤፕሪል"
    ),
    (
        "beal bealtaine ceit gulan kveten maayo mae mayu mee mejju meyi svibanj μαιοσ мам мамыр мај травень մայիս "
        "մայիսի մյս מיי مه ميی مۍ मे মে ਮਈ મે மே మే ಮೇ മേയ് მაი მაისი ሜይ"
    ),
    (
        "birzelis cerven czerwiec gunju heziran hunyo iyun junie lampadas lipanj mehefin meith meitheamh mezh "
        "mezheven ogmh qershor yuni ιουνιοσ июнь мау маусым червень чэр чэрвень чэрвеня јун јуни հնս հունիս "
        "հունիսի جون ژوين जुन জুন ਜੂਨ જૂન ஜூன் జూన్ ಜೂನ್ ജൂൺ ივნ ივნისი ጁን"
    ),
    (
        "cervenec gorff gorffennaf goue gouere hulyo iuch iuil iyul julai julayi julhet julie korr korrik liepa "
        "lipiec lulju luulyo srpanj tirmeh triulas yuli ιουλιοσ июль липень ліп ліпень ліпеня шіл шілде јул јули "
        "հլս հուլիս հուլիսի جولايی جولای ژويیه जुलै জুল জুলাই ਜੁਲਾ ਜੁਲਾਈ જુલાઈ ஜூலை జులె ಜುಲೈ ജൂലൈ ივლ ივლისი "
        "ጁላይ"
    ),
    (
        "agasti agosti agusta austu avqust awgust awst awwissu eost gush gusht luna lunasa ogoost ogos ogosto "
        "rugpjutis sierpien srpen tebax αυγουστοσ жні жнівень жніуня серпень там тамыз օգոստոս օգոստոսի օգս אויג "
        "אויגוסט اګست اگست अगस्ट ऑगस्ट আগস্ট ਅਗਸਤ ઑગસ્ટ ஆகஸ்ட் ఆగస్టు ಆಗಸ್ಟ್ ഓഗസ്റ്റ് აგვ აგვისტო ኦገስ ኦገስት"
    ),
    (
        "cabudanni gwen gwengolo ilon medi mfomh rugsejis rujan satumba sebteembar sebtembar sentabr sentyabr "
        "septemba septembar septhemba settembru setyembre shtator sult wrzesien σεπτεμβριοσ верасень верасня "
        "вересень сентябрь септембар қыр қыркүиек սեպ սեպտեմբեր սեպտեմբերի סעפ סעפטעמבער ستمبر سپتامبر سپتمبر "
        "سېپتمبر सप्टें सप्टेंबर सेप्टेम्बर সেপ সেপ্ট সেপ্টেম্বর ਸਤੰ ਸਤੰਬਰ સપ્ટે સપ્ટેમ્બર செப் செப்டம்பர் "
        "సెప్టెం సెప్టెంబర్ ಸೆಪ್ಟೆಂ ಸೆಪ್ಟೆಂಬರ್ സെപ്റ്റം സെപ്റ്റംബർ სექ სექტემბერი ሴፕቴ ሴፕቴምበር"
    ),
    (
        "cotmeh damh dfomh here hydref oktabr okthoba oktoba oktobar oktoobar oktubre oktyabr ottubru rijen "
        "santugaine spalis tetor οκτωβριοσ жовтень кас кастрычнік кастрычніка октобар октябрь қаз қазан հոկ "
        "հոկտեմբեր հոկտեմբերի אקט אקטאבער اکتبر اکتوبر अक्टोबर ऑक्टो ऑक्टोबर অক্টো অক্টোবর ਅਕਤੂ ਅਕਤੂਬਰ ઑક્ટો "
        "ઑક્ટોબર அக் அக்டோபர் అక్టో అక్టోబర్ ಅಕ್ಟೋ ಅಕ್ಟೋಬರ್ ഒക്ടോ ഒക്ടോബർ ოქტ ოქტომბერი ኦክቶ ኦክቶበር"
    ),
    (
        "lapkritis mijdar nentor nobyembre noofeembar novemba novembar novembru noyabr nuwamba samh samhain "
        "santandria studeni tach tachwedd νοεμβριοσ ліс лістапад лістапада нов новембар ноябрь қар қараша նոյ "
        "նոյեմբեր նոյեմբերի נאוו נאוועמבער نوامبر نومبر नोभेम्बर नोव्हें नोव्हेंबर নভে নভেম্বর ਨਵੰ ਨਵੰਬਰ નવે "
        "નવેમ્બર நவம்பர் నవం నవంబర్ ನವೆಂ ನವೆಂಬರ್ നവം നവംബർ ნოე ნოემბერი ኖቬም ኖቬምበር"
    ),
    (
        "berfanbar decembar dekabr desemba dhjetor dicembru disamba diseembar disemba disember disyembre dubh "
        "grudzien gruodis kerzu nadale noll nollaig prosinac prosinec rhag rhagfyr δεκεμβριοσ грудень декабрь дец "
        "децембар жел желтоқсан сне снежань снежня դեկ դեկտեմբեր դեկտեմբերի דעצ דעצעמבער دسامبر دسمبر डिसें "
        "डिसेंबर डिसेम्बर ডিসে ডিসেম্বর ਦਸੰ ਦਸੰਬਰ ડિસે ડિસેમ્બર டிச டிசம்பர் డిసెం డిసెంబర్ ಡಿಸೆಂ ಡಿಸೆಂಬರ್ ഡിസം "
        "ഡിസംബർ დეკ დეკემბერი ዲሴም ዲሴምበር"
    ),
)

"""Of each month, the names that `month_names` does not have."""

WEEKDAY_NAMES = (
    (
        "aje astelehena dil dilluns diluain diluns dsm dus dusem dusenbe dush dushanba esmaspaev hen hene hetfo "
        "isn isniin isnin jumatatu lit litinin llun luain luan lun lundi lunedi lunes luni lunis luns maanantai "
        "maanantaina maandag man manadagur mandag manudagur mei meindeg mon monday monde montag mso pazartesi "
        "pirmadienis pirmd pirmdiena pon pondeli pondelok ponedeljak ponedeljek ponedjeljak poniedzialek pzt seg "
        "segunda sen senin tne umsombuluko δευ δευτερα дүи дүисенбі дүишөмбү панядзелак пон понеделник "
        "понедельник понедељак понеділок երկ երկուշաբթի מאנטיק שני الاثنين دوشنبه پیر सोम सोमबार सोमवार সোম "
        "সোমবার ਸੋਮ ਸੋਮਵਾਰ સોમ સોમવાર திங் திங்கள் సోమ సోమవారం ಸೋಮ ಸೋಮವಾರ തിങ്കളാഴ്ച തിങ്കൾ ორშ ორშაბათი"
    ),
    (
        "antradienis asteartea bil den denschdeg dienstag dim dimairt dimars dimarts dinsdag isegun jumanne kedd "
        "mairt mar mardi marte martedi martes marti martis maw mawrth meu meurzh otrd otrdiena sal sali sel "
        "selasa sesem sesh seshanba sis sisenbe ssm tal talaado talata teisipaev ter terca thri thridjudagur "
        "tiistai tiistaina tir tirs tirsdag tis tisdag tiu tiuzdee tldo tli tor torek tue tuesday tys tysdag "
        "tysdagur ulwesibili utery uto utorak utorok wtorek τρι τριτη ауторак вто вторник вівторок сеисенбі уто "
        "уторак шеиш шеишемби երեքշաբթի երք דינסטיק שלישי الثلاثاء سهشنبه منگل मंगल मंगलवार मंगळ मंगळवार मङ्गल "
        "मङ्गलबार মঙ্গল মঙ্গলবার ਮੰਗਲ ਮੰਗਲਵਾਰ મંગળ મંગળવાર செவ் செவ்வாய் మంగళ మంగళవారం ಮಂಗಳ ಮಂಗಳವಾರ ചൊവ്വ "
        "ചൊവ്വാഴ്ച სამ სამშაბათი ማክሰ ማክሰኞ"
    ),
    (
        "arbaco arbc asteazkena car carsamba carsem carsenbe cead ceadaoin chor chorshanba csm cərsənbə dic "
        "diciadain dimecres erb jumatano keskiviikko keskiviikkona kolmapaev lar laraba mer mercher mercoledi "
        "mercores mercredi mercuris merkure met mettwoch mid midvikudagur mie miercoles miercuri mik mikudagur "
        "mittwoch miy miyerkules ojoru ons onsdag qua quarta rab rabu sre sreda sri srijeda sroda streda sze "
        "szerda tha treciadienis tresd tresdiena ulwesithathu wed wednesday wen wenezdee woensdag τετ τεταρτη "
        "серада середа сре среда сряда сәрсенбі шарш шаршемби չորեքշաբթի չրք מיטוואך רביעי الاربعاء بدھ چهارشنبه "
        "बुध बुधबार बुधवार বুধ বুধবার ਬੁੱਧ ਬੁੱਧਵਾਰ બુધ બુધવાર புத புதன் బుధ బుధవారం ಬುಧ ಬುಧವಾರ ബുധനാഴ്ച ബുധൻ ოთხ "
        "ოთხშაბათი ረቡዕ"
    ),
    (
        "alh alhamis alhamisi cet cetrtek ceturtd ceturtdiena cetvrtak csutortok ctvrtek czw czwartek dear "
        "deardaoin dia diardaoin dijous don donderdag donnerstag donneschdeg enj enjte fim fimmtudagur gio giobia "
        "giovedi ham hos hosdagur huw huwebes iau jeu jeudi joi jue jueves kam kamis ketvirtadienis kha khamiis "
        "khamis khms neljapaev ojobo osteguna pay payshanba pen pencsem pensenbe per persembe psm qui quinta sin "
        "stvrtok thu thursday too toozdee tor tors torsdag torstai torstaina ulwesine xov xoves yaou πεμ πεμπτη "
        "беисенбі беиш беишемби чацвер чет четвер четверг четвртак четврток четвъртък հինգշաբթի հնգ דאנערשטיק "
        "חמישי الخميس جمعرات پنجشنبه गुरु गुरुवार बिहि बिहिबार বৃহস্পতি বৃহস্পতিবার ਵੀਰ ਵੀਰਵਾਰ ગુરુ ગુરુવાર வியா "
        "வியாழன் గురు గురువారం ಗುರು ಗುರುವಾರ വ്യാഴം വ്യാഴാഴ്ച ხუთ ხუთშაბათი ሐሙስ"
    ),
    (
        "ann anna aoine biy biyernes che chenabura cum cuma cumə dih dihaoine divendres eti fos fostudagur frai "
        "fraidee fre fredag freideg freitag fri friday friggjadagur gim gwe gwen gwener haoine hla ijumaa ini "
        "jimco jmc jum juma jumaat jumat ostirala patek penktadienis pentek perjantai perjantaina pet petak petek "
        "piatek piatok piektd piektdiena pre premte reede sex sexta ulwesihlanu ven vendredi venerdi venres vie "
        "viernes vin vineri vrijdag vrydag παρ παρασκευη жума жұма пет петак петок петък пятница пятніца ուր "
        "ուրբաթ פרײטיק שישי الجمعة جمعه جمعہ शुक्र शुक्रबार शुक्रवार শুক্র শুক্রবার ਸ਼ੁੱਕਰ ਸ਼ੁੱਕਰਵਾਰ શુક્ર "
        "શુક્રવાર வெள் வெள்ளி శుక్ర శుక్రవారం ಶುಕ್ರ ಶುಕ್ರವಾರ വെള്ളി വെള്ളിയാഴ്ച პარ პარასკევი ዓርብ"
    ),
    (
        "abameta asa asabar cmt cumartesi dis disathairne dissabte jumamosi larunbata lau lauantai lauantaina "
        "laugardagur laupaev laurdag ley leygardagur lor lordag mgq sab sabado sabadu sabato sabti sabtu sad "
        "sadorn sadwrn sam sambata samedi samschdeg samstag sat saterdag sath sathairn satodee saturday sbti sem "
        "semi sen senbe sestadienis sestd sestdiena shan shanba sht shtune sib sob sobota sub subota szo szombat "
        "sənbə umgqibelo zaterdag σαβ σαββατο ишемби ишм саб сабота сенбі суб суббота субота събота շաբաթ շբթ שבת "
        "السبت اونۍ شنبه ہفتہ शनि शनिबार शनिवार শনি শনিবার ਸ਼ਨੀ ਸ਼ਨੀਵਾਰ શનિ શનિવાર சனி శని శనివారం ಶನಿ ಶನಿವಾರ ശനി "
        "ശനിയാഴ്ച შაბ შაბათი ቅዳሜ"
    ),
    (
        "ahad ahd aiku axad axd bazar did didomhnaich die diel dim dimanche dimenge diumenge dom domenica domh "
        "domhnaigh domingo dominiga dum duminica had igandea isonto jumapili lah lahadi lin linggo min minggu ned "
        "nedela nedele nedelja nedjelja niedz niedziela paz pazar puhapaev sekmadienis son sondag sondee sonndeg "
        "sonntag sul sun sunday sunnudagur sunnuntai sunnuntaina svetd svetdiena vasarnap yak yakshanba yek "
        "yeksem yeksenbe ysm zondag κυρ κυριακη воскресенье жек жексенбі жекшемби нед недела неделя недеља неділя "
        "нядзеля կիր կիրակի זונטיק ראשון اتوار الاحد یکشنبه आइत आइतबार रवि रविवार রবি রবিবার ਐਤਵਾਰ રવિ રવિવાર "
        "ஞாயி ஞாயிறு ఆది ఆదివారం ಭಾನು ಭಾನುವಾರ ഞായറാഴ്ച ഞായർ კვი კვირა እሑድ"
    ),
)
"""Of each weekday, from Monday on."""
