"""Documents that name a speaker by surname, role or pronoun, and what reports say of who spoke.

Each report line is: the document, the sentence with {0} for the quote, and the quote.
"""

DOCUMENTS = {
    "bridge": """\
Bridge to close for two years

Petr Novak, the minister of transport, announced on Monday that the Vltava bridge would close. “The \
piers will not last another winter,” he said.

Traffic has doubled since 1998, and lorries use the bridge by night. “We have no money for a second \
crossing,” the minister told reporters.

Anna Kral, the mayor of Lipno, had asked for a ferry. “A ferry costs less than a year of detours,” Kral \
said. “The town will pay its share,” she added.

Novak said that work would begin in March. “Nobody will lose a job over this,” he said.

“The detour adds forty minutes,” said Jan Dvorak, a spokesman for the haulage union. The spokesman said \
that drivers had not been asked.
""",
    "strike": """\
Dockers end strike in Valparaiso

María Fernández, who leads the dockers’ union, and the port director, Luis Soto, signed a deal at dawn. \
“We got what we came for,” Fernández told reporters. “It was a long night,” Soto said.

“The ships will be unloaded by Friday,” the director said.

The government kept out of it. “This is between the port and its workers,” a spokeswoman said.

In a letter to members, the union said it would watch the port closely. “Our patience is not endless,” \
it wrote.
""",
    "trial": """\
Two brothers before the court

Ali Demir and Hasan Demir, brothers from Izmir, are accused of selling forged permits. “I never saw \
those papers,” Demir said on Tuesday.

Judge Ingrid Solheim heard the case for six hours. “The court will not be hurried,” the judge said.

Their lawyer, Tomas Berg, called the evidence thin. “There is not one fingerprint on those papers,” Berg \
said. “I expect an acquittal,” he said.

Outside, Berg met the prosecutor, Eva Lund. “It went as one would expect,” she said.
""",
    "flood": """\
River drops, town counts its losses

The water fell by a metre on Sunday. “We carried the old people out on doors,” a fireman said.

Nguyen Thi Hoa, 71, has lived by the river all her life. “In my time it never came this high,” she said.

President Emmanuel Okafor flew over the valley. “No family will be left alone,” the president said. \
Okafor said that the dam had held.

“The dam was an inch from breaking,” said an engineer who asked not to be named.

Professor Kwame Mensah of the university warned of the next flood. “The forest is gone, and so is the \
sponge,” Professor Mensah said. The professor said that trees would take thirty years.

The ministry said it would rebuild. “Every house will stand on stilts,” the ministry said in a statement.
""",
    "market": """\
Grain trader fined

“We bought what we were offered,” he said. Viktor Orlov, the founder of the trading house, spoke after \
the hearing.

The regulator, led by Sophie Laurent, fined the house nine million euros. “A fine is a price, and they \
paid it,” Laurent said.

The founder said the house would appeal. Mr Orlov said that no grain had been hidden.

Sir Alan Reeve, a former chairman, resigned in May. “I was told nothing,” the former chairman said.

Farmers met Reeve in a hall in Odessa. “He should have asked,” one farmer said.

“The silos were full in June,” Laurent’s deputy said.
""",
}

WRONG = (
    ("bridge", "“{0},” said Anna Kral.", "The piers will not last another winter"),
    ("bridge", "Jan Dvorak told reporters: “{0}.”", "We have no money for a second crossing"),
    ("bridge", "“{0},” said Petr Novak, the minister.", "A ferry costs less than a year of detours"),
    ("bridge", "Anna Kral said that “{0}”.", "work would begin in March"),
    ("bridge", "According to Karel Zeman, “{0}”.", "Nobody will lose a job over this"),
    ("bridge", "“{0},” Transport Minister Petr Novak said.", "drivers had not been asked"),
    ("strike", "“{0},” said Luis Soto.", "We got what we came for"),
    ("strike", "María Fernández said: “{0}.”", "The ships will be unloaded by Friday"),
    ("trial", "“{0},” said Tomas Berg.", "The court will not be hurried"),
    ("trial", "Eva Lund said: “{0}.”", "There is not one fingerprint on those papers"),
    ("flood", "“{0},” said Emmanuel Okafor.", "In my time it never came this high"),
    ("flood", "“{0},” Kwame Mensah said.", "No family will be left alone"),
    ("market", "“{0},” said Viktor Orlov.", "A fine is a price, and they paid it"),
    ("market", "Sophie Laurent said that “{0}”.", "no grain had been hidden"),
)

RIGHT = (
    ("bridge", "“{0},” said Petr Novak.", "The piers will not last another winter"),
    ("bridge", "“{0},” Novak said.", "The piers will not last another winter"),
    ("bridge", "“{0},” said Transport Minister Petr Novak.", "We have no money for a second crossing"),
    ("bridge", "Minister Novak told reporters: “{0}.”", "We have no money for a second crossing"),
    ("bridge", "The minister said: “{0}.”", "We have no money for a second crossing"),
    ("bridge", "“{0},” said Anna Kral, the mayor.", "A ferry costs less than a year of detours"),
    ("bridge", "Mayor Anna Kral added: “{0}.”", "The town will pay its share"),
    ("bridge", "“{0},” she added.", "The town will pay its share"),
    ("bridge", "P. Novak said that “{0}”.", "work would begin in March"),
    ("bridge", "“{0},” said Petr Novak.", "Nobody will lose a job over this"),
    ("bridge", "“{0},” said Jan Dvorak of the haulage union.", "The detour adds forty minutes"),
    ("bridge", "Jan Dvorak said that “{0}”.", "drivers had not been asked"),
    ("strike", "“{0},” said Maria Fernandez.", "We got what we came for"),
    ("strike", "Union leader María Fernández told reporters: “{0}.”", "We got what we came for"),
    ("strike", "“{0},” said port director Luis Soto.", "It was a long night"),
    ("strike", "Luis Soto said: “{0}.”", "The ships will be unloaded by Friday"),
    (
        "strike",
        "“{0},” said government spokeswoman Camila Vallejo.",
        "This is between the port and its workers",
    ),
    ("strike", "María Fernández wrote: “{0}.”", "Our patience is not endless"),
    ("trial", "“{0},” said Ali Demir.", "I never saw those papers"),
    ("trial", "“{0},” said Hasan Demir.", "I never saw those papers"),
    ("trial", "Judge Solheim said: “{0}.”", "The court will not be hurried"),
    ("trial", "“{0},” said Ingrid Solheim.", "The court will not be hurried"),
    ("trial", "“{0},” said Tomas Berg, their lawyer.", "There is not one fingerprint on those papers"),
    ("trial", "Defence lawyer Tomas Berg said: “{0}.”", "I expect an acquittal"),
    ("trial", "“{0},” said Eva Lund, the prosecutor.", "It went as one would expect"),
    ("flood", "“{0},” said fireman Duc Pham.", "We carried the old people out on doors"),
    ("flood", "“{0},” said Nguyen Thi Hoa.", "In my time it never came this high"),
    ("flood", "Mrs Hoa said: “{0}.”", "In my time it never came this high"),
    ("flood", "“{0},” President Okafor said.", "No family will be left alone"),
    ("flood", "According to Emmanuel Okafor, “{0}”.", "the dam had held"),
    ("flood", "“{0},” said Lars Moe, an engineer.", "The dam was an inch from breaking"),
    ("flood", "“{0},” said Kwame Mensah.", "The forest is gone, and so is the sponge"),
    ("flood", "Dr Mensah said that “{0}”.", "trees would take thirty years"),
    ("flood", "“{0},” said Linh Tran of the ministry.", "Every house will stand on stilts"),
    ("market", "“{0},” said Viktor Orlov.", "We bought what we were offered"),
    ("market", "“{0},” said Sophie Laurent.", "A fine is a price, and they paid it"),
    ("market", "Viktor Orlov said that “{0}”.", "the house would appeal"),
    ("market", "“{0},” said Sir Alan Reeve.", "I was told nothing"),
    ("market", "“{0},” said farmer Bohdan Koval.", "He should have asked"),
    ("market", "“{0},” said Paul Girard, Laurent’s deputy.", "The silos were full in June"),
)
