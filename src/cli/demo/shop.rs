//! The invented shop: its products, the towns of its customers and their complaints.

/// The name of the shop.
pub(super) const SHOP: &str = "Tidewater Coffee";
/// Its name at Shopify.
pub(super) const SHOP_DOMAIN: &str = "tidewater-coffee.myshopify.com";

#[derive(Debug)]
pub(super) struct Product {
    pub id: u64,
    pub sku: &'static str,
    pub name: &'static str,
    pub variant: &'static str,
    pub cents: u64,
}

const fn product(
    id: u64,
    sku: &'static str,
    name: &'static str,
    variant: &'static str,
    cents: u64,
) -> Product {
    Product {
        id,
        sku,
        name,
        variant,
        cents,
    }
}

pub(super) const PRODUCTS: [Product; 12] = [
    product(5501, "BEAN-HAR-1", "Harbour Espresso", "1 kg", 2_900),
    product(5502, "BEAN-LIG-5", "Lighthouse Filter", "500 g", 1_750),
    product(5503, "BEAN-DEC-5", "Low Tide Decaf", "500 g", 1_850),
    product(5504, "FILT-100", "Paper Filters", "100 pieces", 650),
    product(5505, "CUP-STO-2", "Stoneware Cups", "set of 2", 2_400),
    product(5506, "DRIP-CER", "Ceramic Dripper", "size 02", 2_700),
    product(5507, "GRIND-C1", "Capstan Hand Grinder", "steel", 8_900),
    product(5508, "KET-GOO", "Gooseneck Kettle", "1 l", 6_400),
    product(5509, "SCALE-01", "Brew Scale", "black", 3_900),
    product(5510, "JAR-1L", "Bean Jar", "1 l", 1_900),
    product(5511, "PRESS-8", "French Press", "8 cups", 4_200),
    product(5512, "CARE-KIT", "Descaling Kit", "2 uses", 1_200),
];

#[derive(Debug)]
pub(super) struct Town {
    pub city: &'static str,
    pub state: &'static str,
    pub state_code: &'static str,
    pub zip: &'static str,
    pub area: &'static str,
}

const fn town(
    city: &'static str,
    state: &'static str,
    state_code: &'static str,
    zip: &'static str,
    area: &'static str,
) -> Town {
    Town {
        city,
        state,
        state_code,
        zip,
        area,
    }
}

pub(super) const TOWNS: [Town; 10] = [
    town("Portland", "Maine", "ME", "04101", "207"),
    town("Baltimore", "Maryland", "MD", "21201", "410"),
    town("San Francisco", "California", "CA", "94110", "415"),
    town("Seattle", "Washington", "WA", "98101", "206"),
    town("Chicago", "Illinois", "IL", "60607", "312"),
    town("Austin", "Texas", "TX", "78701", "512"),
    town("Boston", "Massachusetts", "MA", "02110", "617"),
    town("Denver", "Colorado", "CO", "80202", "303"),
    town("Savannah", "Georgia", "GA", "31401", "912"),
    town("Honolulu", "Hawaii", "HI", "96813", "808"),
];

/// A complaint: the subject, the customer's message, the answer of the help desk, and the priority.
#[derive(Debug)]
pub(super) struct Complaint {
    pub subject: &'static str,
    pub body: &'static str,
    pub reply: &'static str,
    pub priority: &'static str,
    pub tag: &'static str,
}

const fn trouble(
    subject: &'static str,
    body: &'static str,
    reply: &'static str,
    priority: &'static str,
    tag: &'static str,
) -> Complaint {
    Complaint {
        subject,
        body,
        reply,
        priority,
        tag,
    }
}

pub(super) const COMPLAINTS: [Complaint; 6] = [
    trouble(
        "Hand grinder jams on light roasts",
        "The crank blocks after a few turns since I switched to the Lighthouse beans. Can I get new burrs?",
        "Please send us a photo of the burrs. If they are worn we replace them at no cost.",
        "HIGH",
        "grinder",
    ),
    trouble(
        "Parcel has not moved for days",
        "Tracking has said the same thing since Monday. Is it lost?",
        "The carrier had a delay at its hub; it should move again tomorrow.",
        "NORMAL",
        "delivery",
    ),
    trouble(
        "One cup arrived chipped",
        "One of the two stoneware cups has a chip at the rim.",
        "Sorry about that. A new one is on its way, keep the other.",
        "NORMAL",
        "damage",
    ),
    trouble(
        "Wrong grind size in my bag",
        "I ordered whole beans and got ground coffee.",
        "We send whole beans today; give the ground ones to a friend.",
        "LOW",
        "order",
    ),
    trouble(
        "Change of delivery address",
        "We moved. Please use the new address from now on.",
        "Done, it is on your account.",
        "LOW",
        "address",
    ),
    trouble(
        "Kettle base stays cold",
        "The light is on but the base does not heat.",
        "Please hold the switch for five seconds to reset it.",
        "HIGH",
        "kettle",
    ),
];
