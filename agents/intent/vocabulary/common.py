"""Everyday English words that are no misspelt name or word of trading."""

from typing import Final

_TEXT: Final = """
low hot ice yourself myself himself herself themselves cake cakes soul beer pen pens cup bread
happiness peace eskimos ticket tickets candy candies lemonade dreams stuff things junk
app kettle car cars food ticket tickets lunch pizza flat groceries milk shoes laptop bike book
books alarm door shop website account accounts tea sofa apartment insurance policy
about above across actual after again against agree ahead alarm album alert alive allow alone
along already although always amazing among amount angry animal annual another answer anyone
anything apart apartment appear apply argue around arrive aside asleep aspect asset autumn avoid
awake award aware awful basic basis basket beach bear became because become before begin behind
being belief believe below beside better between birth black blame blank blind block blood board
boat body book boost border bored born both bother bottom bought brain branch brave bread break
breath brick brief bright bring broad broken brown budget build building burden burn business
busy button cable calm camera cancel cannot capital carbon career careful carry castle catch
caught cause caution central century certain chain chair chance change chapter charge charm
chart cheap check cheese chicken chief child choice choose church circle citizen civil claim
class clean clear clever client climb clock close cloth cloud coach coast coffee cold collect
college colour column combine come comfort common company compare complete concern condition
conduct confirm connect consider contact contain content contest continue control cook cool
copper copy corner correct cost cotton could count country couple courage course court cover
crash crazy cream create credit crime crisis critic cross crowd crude culture current curve
custom cycle daily damage dance danger dark data daughter dead deal dear debate debt decade
decide deep defend degree delay deliver demand depend depth desert deserve design desire desk
detail device dinner direct dirty dish display distance divide doctor document dollar double
doubt down draft drama draw dream dress drink drive drop during duty each early earn earth ease
east easy edge edit effect effort eight either electric else email empty end enemy energy engine
enjoy enough enter entire equal error escape estate even event ever every exact example excited
exist expect expert explain express extra eyes face fact factor fail fair faith fall false
family famous fancy farm fast father fault favour fear feature feel fellow fence field fifty
fight figure file fill film final finance find fine finger finish fire firm first fish flat
flight floor flow flower follow food foot force foreign forest forget form forward found frame
free fresh friend front fruit fuel full funny future gain game garden gate gather general gentle
giant gift give glad glass global gold golden good grand grant great green ground group grow
growth guard guess guest guide habit hair half hall hand happen happy hard hate have head health
hear heart heat heavy height hello help hence here hero hidden high hill hint history hold hole
holiday home honest hope horse hospital hotel hour house human hungry hurry husband idea image
impact income indeed indian indigo inside into island issue item itself jacket japan jewel join
joke journey judge jump just keen keep kick kids kill kind king kitchen knee knife know label
labour lack lady lake land language large last late later laugh launch layer lazy lead leader
leaf learn least leather leave left legal lemon length less lesson letter level life lift light
like likely limit line link list listen little live living loan local lock logic long look loose
lose loss lost loud love lovely lower luck lucky lunch machine magic main major make manage many
march margin marine mark market master match material matter maybe meal mean measure meat
medical meet member memory mental mention merely metal method middle might mile milk mind mine
minor minute mirror miss mission mistake mobile model modern moment money month mood moon moral
more morning most mother motion motor mountain mouth move movie much murder muscle museum music
must myself name narrow nation native nature near nearly neat neck need nerve never news next
nice night nine nobody noise none noon normal north nose note nothing notice number obvious
occur ocean offer office often oil once only open opinion option orange order other ought ounce
outer outside oven over owner pack page pain paint paints pair panel paper parent park part
party pass past path patient pattern pause peace people perfect perhaps period person phone
photo phrase pick picture piece pilot pipe place plain plan plane planet plant plastic plate
play please plenty pocket poem point police policy polite pool poor popular port position
possible post potato pound power praise pray prefer pretty prevent price pride prime print prior
prize problem process produce profit program promise proof proper protect proud prove public
pull pure purple purpose push quality quarter queen quick quiet quite quote race radio rail rain
raise range rapid rare rate rather reach react read ready real reason recall receive recent
record reduce refer reform refuse regard region regret regular relate relax release reliable
relief rely remain remember remind remote remove rent repair repeat reply report request require
rescue resource respond rest result retire return reveal review reward rhythm rich ride right
ring rise risk river road rock role roll roof room root rope rough round route royal rule rural
rush sacred safe safety sail salary sale salt same sample sand satisfy sauce save scale scene
scheme school science scope score screen search season seat second secret section sector secure
seed seek seem select self sell send senior sense separate series serious serve service settle
seven severe shade shadow shake shall shame shape share sharp sheet shelf shell shift shine ship
shirt shock shoe shoot shop short shot should shout show shower shut sick side sight sign silent
silly silver simple since sing single sister site size skill skin sleep slide slight slim slip
slow small smart smell smile smoke smooth snow social society soft soil solar soldier solid
solve some song soon sorry sort soul sound source south space spare speak special speech speed
spell spend spirit split sport spot spread spring square stable staff stage stair stamp stand
standard star stare start state station status stay steady steal steel step stick still stock
stone stop store storm story straight strange stream street stress stretch strike string strip
strong structure struggle student study stuff stupid style subject succeed such sudden suffer
sugar suggest suit summer supply support suppose sure surface surprise survey survive sweet swim
swing switch symbol system table tail take tale talent talk tall tank target task taste teach
team tear tell tend tennis tense term test text than thank that their them theme then theory
there these they thick thin thing think third this those though thought thousand thread threat
three throat through throw thus ticket tight time tiny tired title today together tomorrow tone
tonight tool tooth topic total touch tough tour toward tower town trace track trade traffic
trail train trash travel treat tree trend trial tribe trick trip trouble truck true trust truth
turn twelve twenty twice twist type ugly uncle under unit unite until upon upper upset urban
urge usual vague valley value vary vast versus very victim video view village violent virtue
virus visit vital voice volume vote wage wait wake walk wall want warm warn wash waste watch
water wave weak wealth weapon wear weather week weigh weird welcome well west what wheel when
where which while white whole whom whose wide wife wild will wind window wine wing winner winter
wire wise wish with within without witness woman wonder wood wool word work world worry worse
worst worth would wound write wrong yard yeah year yellow yesterday young youth zero zone
"""
COMMON_WORDS: Final = frozenset(_TEXT.split())
