"""What fills the slots that the file of the intents leaves open, such as areas and names: elman's own words.

In the notation of `templates`. A name depends on the kind of device that a template asks for; kinds are those of
`requires_context` in the file.
"""

from collections.abc import Mapping

_ROOM = (
    "(kitchen|living room|bedroom|master bedroom|guest room|bathroom|dining room|study|office|hallway|attic|cellar|"
    "basement|garage|nursery|laundry room|pantry|library|playroom|porch|patio|garden|balcony|conservatory|workshop|"
    "utility room|den|lounge|entrance|staircase)"
)
_PERSON = "(anna|ben|carla|daniel|emma|felix|grace|henry|isabel|jack|kate|liam|maria|noah|olivia|peter|rosa|sam|tom)"
_COLOURED = "(red|blue|green|old|new|big|small|left|right|front|back|second)"

LISTS: Mapping[str, str] = {
    "area": _ROOM,
    "floor": "(ground|first|second|third|top|upper|lower|main|middle|basement)",
    "zone": "(home|work|school|the gym|the office|[the] (swimming pool|train station|football club)|grandma's house)",
    "timer_name": (
        "(pizza|pasta|egg|rice|tea|coffee|bread|[chocolate] cake|cookies|roast [chicken]|laundry|washing|dryer|"
        "dishwasher|homework|workout|yoga|nap|meditation|reading|parking|oven|soup|potatoes|turkey|break|piano)"
    ),
    "timer_command": (
        f"(turn (on|off) the ({_ROOM}|{_COLOURED}) (lights|lamp|fan|heater)|(open|close) the {_ROOM} "
        "(blinds|curtains|window)|(lock|unlock) the (front|back) door|(pause|stop) the (music|movie)|"
        "(start|stop) the (vacuum|sprinklers|dishwasher))"
    ),
    "shopping_list_item": (
        "([(fresh|frozen|organic)] (milk|eggs|bread|butter|cheese|apples|bananas|tomatoes|spinach|rice|chicken|salmon)|"
        "[(two|three|a dozen)] (lemons|onions|carrots|bagels)|olive oil|toilet paper|dish soap|peanut butter|coffee|"
        "orange juice|dog food|light bulbs|batteries|dark chocolate|washing powder|maple syrup)"
    ),
    "todo_list_item": (
        f"((call|write to|visit) {_PERSON}|(clean|tidy|paint) the {_ROOM}|(pay|file) the (rent|electricity bill|taxes)|"
        "water the plants|walk the dog|book a (flight|hotel|table for two)|renew [my] passport|"
        "(buy|wrap) a (birthday|wedding) present|fix the (bike|fence|leaking tap)|return the library books)"
    ),
    "message": (
        "((dinner|lunch|breakfast) is ready|(it is|it's) time (for bed|to go|for school)|"
        f"{_PERSON} is (here|at the door|on the phone)|the (bus|taxi) (leaves|arrives) in [about] (five|ten) minutes|"
        f"(please come|come) to the {_ROOM}|the (dishwasher|washing machine|oven) is done|happy birthday {_PERSON}|"
        f"i am [almost] (home|on my way)|who left the (lights|heating) on in the {_ROOM})"
    ),
    "search_query": (
        "(abbey road|bohemian rhapsody|kind of blue|the four seasons|clair de lune|moonlight sonata|blue train|"
        "(nina simone|johnny cash|miles davis|glenn gould|ella fitzgerald|david bowie|daft punk|the beatles|queen)|"
        "[(relaxing|happy|classic)] (jazz|rock|piano|blues|folk|dinner|sleep) music|the (morning|evening) news|"
        "(star wars|the godfather|casablanca|blade runner|singing in the rain)|songs for (children|christmas|running)|"
        "eighties (hits|pop)|the history of rome|bedtime stories)"
    ),
}
"""By the names that the file has for them."""

_LIGHT = f"([{_ROOM}] (floor lamp|desk lamp|ceiling light|bedside lamp|reading lamp|spotlights|chandelier|light strip))"
_FAN = f"([{_ROOM}] (ceiling fan|fan|ventilator|extractor fan|tower fan))"
_SWITCH = f"([{_ROOM}] (heater|coffee maker|kettle|socket|christmas tree|fountain|sprinklers|dehumidifier|toaster))"
_COVER = f"([({_ROOM}|{_COLOURED})] (blinds|curtains|shutters|awning|garage door|gate|skylight|roller shade))"
_VALVE = f"([({_ROOM}|{_COLOURED})] (water valve|gas valve|radiator valve|irrigation valve|main valve|tap))"
_LOCK = f"((front|back|side|cellar|garage|patio|{_COLOURED}) (door [lock]|gate|lock)|safe|mailbox)"
_CLIMATE = f"([{_ROOM}] (thermostat|heating|air conditioner|heat pump|radiator|boiler))"
_PLAYER = f"([{_ROOM}] (tv|speaker|stereo|radio|soundbar|record player|television|projector)|{_PERSON}'s headphones)"
_BUTTON = "(doorbell|panic button|coffee button|restart router|find my phone|reset counter|feed the cat)"

NAMES: Mapping[str, str] = {
    "light": _LIGHT,
    "fan": _FAN,
    "switch": _SWITCH,
    "input_boolean": "((guest|holiday|party|sleep|quiet|cleaning) mode|away switch|vacation override)",
    "cover": _COVER,
    "valve": _VALVE,
    "lock": _LOCK,
    "climate": _CLIMATE,
    "media_player": _PLAYER,
    "vacuum": "([(upstairs|downstairs|kitchen)] (robot [vacuum]|hoover|vacuum cleaner|roomba)|dusty|alfred)",
    "lawn_mower": "([(front|back)] (lawn mower|robot mower|mower)|shaun|grass cutter)",
    "todo": f"([{_PERSON}'s] (chores|groceries|to do|packing|weekend|garden|gift)|hardware store|house work)",
    "scene": "(movie night|romantic dinner|good morning|good night|party time|reading|cosy evening|sunset|focus|relax)",
    "script": "(morning routine|bedtime routine|leave home|welcome home|wake up call|watering|panic alarm)",
    "button": _BUTTON,
    "input_button": _BUTTON,
    "sensor": f"((outdoor|indoor|{_ROOM}) (temperature|humidity|air quality|pressure)|power meter|rain gauge)",
    "binary_sensor": f"([{_ROOM}] (window|door|motion sensor|smoke detector|leak sensor)|parking space|letter box|bed)",
    "weather": "(berlin|london|paris|new york|lake placid|home|the cabin|grandma's village|cape town|reykjavik)",
    "person": _PERSON,
}
"""By kind of device."""
