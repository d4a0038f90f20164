//! Area codes of the North American Numbering Plan: whose they are, and the zones their exchanges lie in. Facts of the
//! plan and of the geography of zones; an area that reaches over a border of zones has them all.

/// Area codes with the same country and zones.
pub(super) struct Area {
    /// ISO 3166-1 alpha-2.
    pub(super) country: &'static str,
    /// IANA names.
    pub(super) zones: &'static [&'static str],
    /// Ascending.
    pub(super) codes: &'static [u16],
}

/// The area with a code; `None` for a code without a place (toll-free, follow-me) or newer than this table.
pub(super) fn area(code: u16) -> Option<&'static Area> {
    AREAS.iter().find(|area| area.codes.binary_search(&code).is_ok())
}

/// Every kind of clock that Canada, the United States and Puerto Rico keep: what is left to assume of a number without
/// a place. The islands further west have had one code each for long and are not going to get another.
pub(super) const EVERYWHERE: &[&str] = &[
    "America/St_Johns",
    "America/Puerto_Rico",
    "America/Halifax",
    "America/New_York",
    "America/Chicago",
    "America/Regina",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Adak",
    "Pacific/Honolulu",
];

#[rustfmt::skip]
const AREAS: &[Area] = &[
    Area {
        country: "US",
        zones: &["America/New_York"],
        codes: &[
            201, 202, 203, 207, 212, 215, 216, 220, 223, 227, 229, 231, 234, 239, 240, 248, 252, 260, 267,
            269, 272, 276, 283, 301, 302, 304, 305, 313, 315, 317, 321, 324, 326, 329, 330, 332, 336, 339,
            347, 351, 352, 363, 380, 386, 401, 404, 407, 410, 412, 413, 419, 434, 440, 443, 445, 463, 470,
            472, 475, 478, 484, 502, 508, 513, 516, 517, 518, 540, 551, 561, 567, 570, 571, 582, 585, 586,
            603, 607, 609, 610, 614, 616, 617, 631, 640, 645, 646, 656, 667, 678, 680, 681, 686, 689, 703,
            704, 706, 716, 717, 718, 724, 727, 728, 732, 734, 740, 743, 754, 757, 762, 765, 770, 771, 772,
            774, 781, 786, 802, 803, 804, 810, 813, 814, 821, 826, 828, 835, 838, 839, 843, 845, 848, 854,
            856, 857, 859, 860, 862, 863, 864, 865, 878, 904, 908, 910, 912, 914, 917, 919, 929, 934, 937,
            941, 943, 947, 948, 954, 959, 973, 978, 980, 984, 989,
        ],
    },
    Area {
        country: "US",
        zones: &["America/Chicago"],
        codes: &[
            205, 210, 214, 217, 218, 224, 225, 228, 235, 251, 254, 256, 262, 274, 281, 309, 312, 314, 316,
            318, 319, 320, 325, 327, 331, 334, 337, 346, 353, 361, 405, 409, 414, 417, 430, 432, 447, 464,
            469, 479, 501, 504, 507, 512, 515, 534, 539, 557, 563, 572, 573, 580, 601, 608, 612, 615, 618,
            629, 630, 636, 641, 651, 659, 660, 662, 682, 708, 712, 713, 715, 726, 730, 731, 737, 763, 769,
            773, 779, 806, 815, 816, 817, 830, 832, 847, 870, 872, 901, 903, 913, 918, 920, 936, 938, 940,
            945, 952, 956, 972, 975, 979, 985,
        ],
    },
    Area {
        country: "US",
        zones: &["America/Los_Angeles"],
        codes: &[
            206, 209, 213, 253, 279, 310, 323, 341, 350, 360, 369, 408, 415, 424, 425, 442, 503, 509, 510,
            530, 559, 562, 564, 619, 626, 628, 650, 657, 661, 669, 702, 707, 714, 725, 738, 747, 760, 805,
            818, 820, 831, 840, 858, 909, 916, 925, 949, 951, 971,
        ],
    },
    Area {
        country: "US",
        zones: &["America/Denver"],
        codes: &[303, 307, 385, 406, 435, 505, 575, 719, 720, 748, 801, 915, 970, 983],
    },
    Area {
        country: "US",
        zones: &["America/Chicago", "America/New_York"],
        codes: &[219, 270, 364, 423, 448, 574, 606, 812, 850, 906, 930, 931],
    },
    Area {
        country: "US",
        zones: &["America/Chicago", "America/Denver"],
        codes: &[308, 402, 531, 605, 620, 701, 785],
    },
    Area {
        country: "US",
        zones: &["America/Denver", "America/Los_Angeles"],
        codes: &[208, 458, 541, 775, 986],
    },
    Area {
        country: "US",
        zones: &["America/Phoenix"],
        codes: &[480, 520, 602, 623],
    },
    Area {
        country: "US",
        zones: &["America/Adak", "America/Anchorage"],
        codes: &[907],
    },
    Area {
        country: "US",
        zones: &["America/Denver", "America/Phoenix"],
        codes: &[928],
    },
    Area {
        country: "US",
        zones: &["Pacific/Honolulu"],
        codes: &[808],
    },
    Area {
        country: "CA",
        zones: &["America/Toronto"],
        codes: &[
            226, 249, 263, 273, 289, 343, 354, 365, 382, 416, 437, 438, 450, 468, 514, 519, 548, 579, 613,
            647, 683, 705, 742, 753, 819, 873, 905, 942,
        ],
    },
    Area {
        country: "CA",
        zones: &["America/Edmonton"],
        codes: &[368, 403, 587, 780, 825],
    },
    Area {
        country: "CA",
        zones: &["America/Edmonton", "America/Fort_Nelson", "America/Vancouver"],
        codes: &[236, 250, 257, 672, 778],
    },
    Area {
        country: "CA",
        zones: &["America/Halifax"],
        codes: &[428, 506, 782, 902],
    },
    Area {
        country: "CA",
        zones: &["America/Edmonton", "America/Regina"],
        codes: &[306, 474, 639],
    },
    Area {
        country: "CA",
        zones: &["America/Halifax", "America/Puerto_Rico", "America/Toronto"],
        codes: &[367, 418, 581],
    },
    Area {
        country: "CA",
        zones: &["America/Winnipeg"],
        codes: &[204, 431, 584],
    },
    Area {
        country: "CA",
        zones: &["America/Halifax", "America/St_Johns"],
        codes: &[709, 879],
    },
    Area {
        country: "CA",
        zones: &["America/Edmonton", "America/Panama", "America/Toronto", "America/Whitehorse", "America/Winnipeg"],
        codes: &[867],
    },
    Area {
        country: "CA",
        zones: &["America/Panama", "America/Toronto", "America/Winnipeg"],
        codes: &[807],
    },
    Area {
        country: "CA",
        zones: &["America/Vancouver"],
        codes: &[604],
    },
    Area {
        country: "AG",
        zones: &["America/Antigua"],
        codes: &[268],
    },
    Area {
        country: "AI",
        zones: &["America/Anguilla"],
        codes: &[264],
    },
    Area {
        country: "AS",
        zones: &["Pacific/Pago_Pago"],
        codes: &[684],
    },
    Area {
        country: "BB",
        zones: &["America/Barbados"],
        codes: &[246],
    },
    Area {
        country: "BM",
        zones: &["Atlantic/Bermuda"],
        codes: &[441],
    },
    Area {
        country: "BS",
        zones: &["America/Nassau"],
        codes: &[242],
    },
    Area {
        country: "DM",
        zones: &["America/Dominica"],
        codes: &[767],
    },
    Area {
        country: "DO",
        zones: &["America/Santo_Domingo"],
        codes: &[809, 829, 849],
    },
    Area {
        country: "GD",
        zones: &["America/Grenada"],
        codes: &[473],
    },
    Area {
        country: "GU",
        zones: &["Pacific/Guam"],
        codes: &[671],
    },
    Area {
        country: "JM",
        zones: &["America/Jamaica"],
        codes: &[658, 876],
    },
    Area {
        country: "KN",
        zones: &["America/St_Kitts"],
        codes: &[869],
    },
    Area {
        country: "KY",
        zones: &["America/Cayman"],
        codes: &[345],
    },
    Area {
        country: "LC",
        zones: &["America/St_Lucia"],
        codes: &[758],
    },
    Area {
        country: "MP",
        zones: &["Pacific/Saipan"],
        codes: &[670],
    },
    Area {
        country: "MS",
        zones: &["America/Montserrat"],
        codes: &[664],
    },
    Area {
        country: "PR",
        zones: &["America/Puerto_Rico"],
        codes: &[787, 939],
    },
    Area {
        country: "SX",
        zones: &["America/Lower_Princes"],
        codes: &[721],
    },
    Area {
        country: "TC",
        zones: &["America/Grand_Turk"],
        codes: &[649],
    },
    Area {
        country: "TT",
        zones: &["America/Port_of_Spain"],
        codes: &[868],
    },
    Area {
        country: "VC",
        zones: &["America/St_Vincent"],
        codes: &[784],
    },
    Area {
        country: "VG",
        zones: &["America/Tortola"],
        codes: &[284],
    },
    Area {
        country: "VI",
        zones: &["America/St_Thomas"],
        codes: &[340],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_one_area_only() {
        let mut seen = std::collections::BTreeSet::new();
        for area in AREAS {
            assert!(area.codes.is_sorted(), "{} {:?}", area.country, area.zones);
            for code in area.codes {
                assert!((200..1000).contains(code) && seen.insert(code), "{code}");
            }
        }
        assert!(seen.len() > 400);
    }
}
