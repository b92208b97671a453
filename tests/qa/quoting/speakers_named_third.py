"""A third set as in `speakers_named.py`: all were judged rightly at first sight."""

DOCUMENTS = {
    "mine": """\
Mine fire burns for a fifth day

KATOWICE – The fire in the Barbara shaft was still burning on Thursday, the mine’s operator said. Eleven \
men are missing.

“We will not send anyone down while the gas is rising,” Zofia Wrona, head of the rescue service, told a \
news conference. Wrona
said three teams stood ready.

Marek Lis was on the night shift. “First the fans stopped, then the lamps,” he said.

The head of the rescue service dismissed talk of sabotage. “Coal burns by itself,” she said. “Every \
miner knows that.”

Union chairman Bogdan Pająk asked why the alarm had come late. “Forty minutes is a lifetime \
underground,” said Pająk, a former
face worker. He demanded an inquiry.

Prime Minister Ewa Nowacka cut short a visit to Vienna. “My place is here,” Nowacka told reporters at \
the pithead. The prime
minister did not say who would pay.

The mining authority opened an inquiry. “The sensors worked,” its president, Adam Sroka, said. Sroka \
added that the records were
sealed.
""",
    "theatre": """\
Who owns the Lyceum?

For two years the city and the Hartmann family have fought over the Lyceum. Lena Hartmann inherited it \
in 2019. “My grandfather
built it brick by brick,” Hartmann said in an interview.

City treasurer Oliver Quist reads the deeds in another way. “The ground was never sold,” he said.

“A theatre without a play is a warehouse,” said Beatriz Amaral, its last director. Amaral left in May \
after a quarrel with
Hartmann. “She wanted a hotel,” Amaral said.

The treasurer put the city’s claim at four million. Quist said that a court would have to decide.

Dr. Felix Oyelaran, a historian who has studied the house, found the contract of 1911. “It is signed \
twice, by the same hand,”
the historian said.

Hartmann’s brother, Max Hartmann, lives in Lima. “I sold my share long ago,” he wrote in an e-mail.

A judge will hear the case in March. “Bring me paper, not memories,” the judge told both sides.
""",
    "vaccine": """\
Trial stopped after two deaths

The trial of a malaria vaccine in Kisumu was stopped on Friday. Grace Achieng, who led it, said that the \
deaths had other causes.
“Both had fallen ill before the first dose,” Achieng said.

Professor Daniel Levy sits on the safety board. “We stop first and ask later,” Levy said. The board \
would meet on Monday, the
professor said.

The maker, Helvax, kept silent. Its spokesman, Urs Gerber, sent two lines. “The safety of volunteers \
comes first,” he wrote.

“I would take it again tomorrow,” said a volunteer, a nurse of thirty.

Health Secretary Peter Kamau defended the stop. “Trust is slow to come and quick to go,” Mr Kamau said. \
“We shall publish every
page,” said the secretary.

Amina Yusuf buried her sister on Sunday. “Nobody has called us,” she said. Kamau has promised to visit \
the family.
""",
}

WRONG = (
    ("mine", "“{0},” said Ewa Nowacka.", "We will not send anyone down while the gas is rising"),
    ("mine", "Bogdan Pająk recalled: “{0}.”", "First the fans stopped, then the lamps"),
    ("mine", "“{0},” said Marek Lis.", "Coal burns by itself"),
    ("mine", "“{0},” said Zofia Wrona.", "Forty minutes is a lifetime underground"),
    ("mine", "“{0},” Adam Sroka told reporters.", "My place is here"),
    ("mine", "According to Prime Minister Ewa Nowacka, “{0}”.", "The sensors worked"),
    ("theatre", "“{0},” said Beatriz Amaral.", "My grandfather built it brick by brick"),
    ("theatre", "Lena Hartmann said: “{0}.”", "The ground was never sold"),
    ("theatre", "“{0},” said Oliver Quist.", "It is signed twice, by the same hand"),
    ("theatre", "Felix Oyelaran said that “{0}”.", "a court would have to decide"),
    ("vaccine", "“{0},” said Daniel Levy.", "Both had fallen ill before the first dose"),
    ("vaccine", "Grace Achieng said: “{0}.”", "We stop first and ask later"),
    ("vaccine", "“{0},” said Urs Gerber.", "We shall publish every page"),
    ("vaccine", "Peter Kamau wrote: “{0}.”", "The safety of volunteers comes first"),
)

RIGHT = (
    ("mine", "“{0},” said Zofia Wrona.", "We will not send anyone down while the gas is rising"),
    ("mine", "Rescue chief Zofia Wrona said: “{0}.”", "We will not send anyone down while the gas is rising"),
    ("mine", "“{0},” said Marek Lis, a miner.", "First the fans stopped, then the lamps"),
    ("mine", "“{0},” said Zofia Wrona.", "Coal burns by itself"),
    ("mine", "Mrs Wrona said: “{0}.”", "Every miner knows that"),
    ("mine", "“{0},” said Bogdan Pajak.", "Forty minutes is a lifetime underground"),
    ("mine", "Union chairman Pająk said: “{0}.”", "Forty minutes is a lifetime underground"),
    ("mine", "“{0},” said Ewa Nowacka.", "My place is here"),
    ("mine", "Prime Minister Nowacka told reporters: “{0}.”", "My place is here"),
    ("mine", "“{0},” said Adam Sroka of the mining authority.", "The sensors worked"),
    ("mine", "Adam Sroka said that “{0}”.", "the records were sealed"),
    ("mine", "Zofia Wrona said “{0}”.", "three teams stood ready"),
    ("theatre", "“{0},” said Lena Hartmann.", "My grandfather built it brick by brick"),
    ("theatre", "Ms Hartmann said: “{0}.”", "My grandfather built it brick by brick"),
    ("theatre", "“{0},” said Oliver Quist.", "The ground was never sold"),
    ("theatre", "City treasurer Oliver Quist said: “{0}.”", "The ground was never sold"),
    ("theatre", "Beatriz Amaral said: “{0}.”", "A theatre without a play is a warehouse"),
    ("theatre", "“{0},” Amaral said.", "She wanted a hotel"),
    ("theatre", "Treasurer Quist said that “{0}”.", "a court would have to decide"),
    ("theatre", "“{0},” said Felix Oyelaran.", "It is signed twice, by the same hand"),
    ("theatre", "Dr Oyelaran said: “{0}.”", "It is signed twice, by the same hand"),
    ("theatre", "Max Hartmann wrote: “{0}.”", "I sold my share long ago"),
    ("theatre", "Her brother, Max Hartmann, wrote: “{0}.”", "I sold my share long ago"),
    ("theatre", "“{0},” said Judge Maren Holt.", "Bring me paper, not memories"),
    ("theatre", "Judge Maren Holt told both sides: “{0}.”", "Bring me paper, not memories"),
    ("vaccine", "Grace Achieng said that “{0}”.", "the deaths had other causes"),
    ("vaccine", "“{0},” said Dr Grace Achieng.", "Both had fallen ill before the first dose"),
    ("vaccine", "“{0},” said Daniel Levy.", "We stop first and ask later"),
    ("vaccine", "Prof. Levy said: “{0}.”", "We stop first and ask later"),
    ("vaccine", "Daniel Levy said “{0}”.", "The board would meet on Monday"),
    ("vaccine", "“{0},” wrote Urs Gerber, the spokesman.", "The safety of volunteers comes first"),
    ("vaccine", "Helvax spokesman Urs Gerber wrote: “{0}.”", "The safety of volunteers comes first"),
    ("vaccine", "“{0},” said Joyce Atieno, a volunteer.", "I would take it again tomorrow"),
    ("vaccine", "“{0},” said Peter Kamau.", "Trust is slow to come and quick to go"),
    ("vaccine", "Secretary Kamau said: “{0}.”", "Trust is slow to come and quick to go"),
    ("vaccine", "“{0},” said Health Secretary Peter Kamau.", "We shall publish every page"),
    ("vaccine", "Kamau said: “{0}.”", "We shall publish every page"),
    ("vaccine", "“{0},” said Amina Yusuf.", "Nobody has called us"),
    ("vaccine", "Ms Yusuf told us: “{0}.”", "Nobody has called us"),
    ("vaccine", "“{0},” she said.", "Nobody has called us"),
)
