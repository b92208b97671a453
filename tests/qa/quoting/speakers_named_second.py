"""A second set as in `speakers_named.py`, written to be harder: the figures are those at first sight."""

DOCUMENTS = {
    "dam": """\
Dam inspectors resign

By our correspondent

VIENTIANE, 3 June - Two inspectors of the Nam Tien dam have resigned, energy minister Somchai \
Rattanavong confirmed on Wednesday.

"They left of their own will," Rattanavong said. "Nobody was pushed."

One of the two, hydrologist Helga Brandt, disputed that. "I was handed a letter and told to sign," she \
told the Evening Post by telephone. Brandt had worked at the dam since 2009.

The minister, who took office in January, said the cracks were harmless. "Concrete moves in the heat," \
he said. "It is supposed to."

Her colleague, Ousmane Diallo, could not be reached. In his letter of resignation, which this paper has \
seen, he wrote: "I cannot put my name to these readings."

Rattanavong's predecessor, Keo Vongsa, defended the inspectors. "Brandt is the best we had," Vongsa said.

Asked about the readings, the minister's spokeswoman declined to comment. "We do not discuss personnel," \
she said.

The contractor, Alpine Tunnels, said that it had found no fault. "Our concrete meets every standard," \
the company said.
""",
    "school": """\
A village fights for its school

The school at Glenbeg has eleven pupils. Morag Sinclair has taught there for thirty years. “If the \
school goes, the shop goes,” she says.

The council wants to close it in July. “Eleven pupils cannot carry four teachers,” said Councillor Iain \
Muir, who chairs the education committee. Muir said the bus would take twenty minutes.

Parents do not believe him. “It takes an hour in the snow,” said Fiona Ross, a mother of three. Her \
husband, Callum Ross, drives a lorry. “The road floods every February,” he said. “Ask anybody in the \
glen,” Mrs Ross added.

At a meeting in the hall, the headteacher read out a letter from a former pupil. “You taught me to read, \
and now I write for a living,” it said.

Councillor Muir left early. “I have heard nothing new tonight,” the councillor told this newspaper. \
Sinclair shook her head. “He did not stay to hear it,” she said.

The council’s chief executive, Priya Nair, will decide. “I will visit the school first,” the chief \
executive said.
""",
    "port": """\
Spy case in Busan

Kim Min-ji, 34, a translator, was arrested at the port on Friday. Prosecutor Park Sung-ho said that she \
had sold charts of the harbour. Kim’s lawyer, Lee Jae-won, denied it. “My client translated menus,” Lee \
said.

“These charts are in every shop,” the lawyer said.

Park said the charts were secret. “The stamp is on every page,” the prosecutor said. He would call nine \
witnesses, he said.

Kim Tae-young, her brother, waited outside. “She has never been near a warship,” Kim Tae-young said. “We \
are a family of teachers,” he said.

“I knew nothing of any charts,” Kim said in a note that her brother read out.

The defence ministry’s spokesman, Colonel Choi Dong-hyun, would not say which ships were shown. “We \
neither confirm nor deny,” the colonel said. A second spokesman said later that the matter was closed. \
“We have nothing to add,” the spokesman said.
""",
    "wine": """\
Frost takes half the harvest

Three nights of frost have burned the vines of the Saône valley. “I have not seen this since my father’s \
time,” said Jean-Baptiste Moreau, who grows Pinot on nine hectares.

His neighbour, Claire Dubois, lit four hundred fires. “We saved the upper slope and lost the lower,” \
Dubois said.

The growers’ association asked Paris for help. Agriculture Minister Élise Garnier came on Thursday. “The \
state will not look away,” Garnier said. The minister promised an answer by June. “I do not promise what \
I cannot pay,” she said.

Moreau met the minister in the cellar. “She listened, which is something,” he said.

“A fund takes two years to pay,” said Luc Petit of the Chamber of Agriculture. “By then the banks own \
the vines,” Petit said.

Not everybody asks for help. “Frost is part of the trade,” one grower said. Another grower said that \
fires were folly.

The insurer’s director, Ms Anneke de Vries, called the losses normal. “One bad year in eight is what we \
reckon with,” the director said. De Vries said that premiums would rise.
""",
}

WRONG = (
    ("dam", "“{0},” said Keo Vongsa.", "They left of their own will"),
    ("dam", "Somchai Rattanavong said: “{0}.”", "I was handed a letter and told to sign"),
    ("dam", "“{0},” said Helga Brandt.", "Concrete moves in the heat"),
    ("dam", "Ousmane Diallo said that “{0}”.", "the cracks were harmless"),
    ("school", "“{0},” says Fiona Ross.", "If the school goes, the shop goes"),
    ("school", "According to Priya Nair, “{0}”.", "the bus would take twenty minutes"),
    ("school", "“{0},” said Morag Sinclair.", "I have heard nothing new tonight"),
    ("school", "Iain Muir promised: “{0}.” Muir said so.", "I will visit the school first"),
    ("port", "“{0},” said prosecutor Park Sung-ho.", "My client translated menus"),
    ("port", "Lee Jae-won said: “{0}.”", "The stamp is on every page"),
    ("port", "“{0},” said Park Sung-ho.", "We neither confirm nor deny"),
    ("wine", "“{0},” said Luc Petit.", "We saved the upper slope and lost the lower"),
    ("wine", "Claire Dubois said: “{0}.”", "I do not promise what I cannot pay"),
    ("wine", "“{0},” said Claire Dubois.", "One bad year in eight is what we reckon with"),
)

RIGHT = (
    ("dam", "“{0},” said Energy Minister Somchai Rattanavong.", "They left of their own will"),
    ("dam", "Rattanavong told the paper: “{0}.”", "Nobody was pushed"),
    ("dam", "“{0},” said Helga Brandt, a hydrologist.", "I was handed a letter and told to sign"),
    ("dam", "Ms Brandt said: “{0}.”", "I was handed a letter and told to sign"),
    ("dam", "Minister Rattanavong said that “{0}”.", "the cracks were harmless"),
    ("dam", "“{0},” said Somchai Rattanavong.", "Concrete moves in the heat"),
    ("dam", "“{0},” Rattanavong said.", "It is supposed to"),
    ("dam", "Ousmane Diallo wrote: “{0}.”", "I cannot put my name to these readings"),
    ("dam", "“{0},” said Keo Vongsa, a former minister.", "Brandt is the best we had"),
    ("dam", "“{0},” said Dao Phommasan, the minister’s spokeswoman.", "We do not discuss personnel"),
    ("dam", "“{0},” said Franz Huber of Alpine Tunnels.", "Our concrete meets every standard"),
    ("school", "“{0},” says teacher Morag Sinclair.", "If the school goes, the shop goes"),
    ("school", "“{0},” said Iain Muir.", "Eleven pupils cannot carry four teachers"),
    ("school", "Cllr Muir said “{0}”.", "the bus would take twenty minutes"),
    ("school", "“{0},” said Fiona Ross.", "It takes an hour in the snow"),
    ("school", "“{0},” said Callum Ross, who drives a lorry.", "The road floods every February"),
    ("school", "“{0},” said Fiona Ross.", "Ask anybody in the glen"),
    ("school", "Ewan Bain wrote: “{0}.”", "You taught me to read, and now I write for a living"),
    ("school", "“{0},” said Councillor Iain Muir.", "I have heard nothing new tonight"),
    ("school", "“{0},” said Morag Sinclair.", "He did not stay to hear it"),
    ("school", "“{0},” said Priya Nair, the council’s chief executive.", "I will visit the school first"),
    ("port", "“{0},” said Lee Jae-won.", "My client translated menus"),
    ("port", "“{0},” said Ms Kim’s lawyer, Lee Jae-won.", "These charts are in every shop"),
    ("port", "“{0},” said Park Sung-ho, the prosecutor.", "The stamp is on every page"),
    ("port", "Prosecutor Park said that “{0}”.", "she had sold charts of the harbour"),
    ("port", "“{0},” said Kim Tae-young.", "She has never been near a warship"),
    ("port", "“{0},” said her brother, Kim Tae-young.", "We are a family of teachers"),
    ("port", "“{0},” said Kim Min-ji.", "I knew nothing of any charts"),
    ("port", "Col Choi Dong-hyun said: “{0}.”", "We neither confirm nor deny"),
    ("port", "“{0},” said Seo Yun-ah, another spokesman.", "We have nothing to add"),
    ("wine", "“{0},” said Jean-Baptiste Moreau.", "I have not seen this since my father’s time"),
    ("wine", "Claire Dubois said: “{0}.”", "We saved the upper slope and lost the lower"),
    ("wine", "“{0},” said Elise Garnier, the minister.", "The state will not look away"),
    ("wine", "“{0},” said Élise Garnier.", "I do not promise what I cannot pay"),
    ("wine", "“{0},” said Jean-Baptiste Moreau.", "She listened, which is something"),
    ("wine", "“{0},” said Luc Petit.", "By then the banks own the vines"),
    ("wine", "“{0},” said Hugues Blanc, a grower.", "Frost is part of the trade"),
    ("wine", "Odile Faure said that “{0}”.", "fires were folly"),
    ("wine", "“{0},” said Anneke de Vries.", "One bad year in eight is what we reckon with"),
    ("wine", "De Vries said that “{0}”.", "premiums would rise"),
)
