//! Whatever comes.

use super::*;

proptest! {
    /// Whatever comes, whenever: nothing panics, and the counts of what is open come back to zero.
    #[test]
    fn nothing_that_is_sent_breaks_them(
        steps in prop::collection::vec((0..7usize, 0..1_000u32, 1..4u32, any::<bool>(), 0..3_000u64), 1..40)
    ) {
        let mut rig = Rig::new(PhonesSettings::default());
        for (method, number, cseq, tagged, wait_ms) in steps {
            let method = ["INVITE", "ACK", "CANCEL", "BYE", "UPDATE", "INFO", "PRACK"][method];
            let number = format!("{number:03}");
            let tag = rig.tag(&number).filter(|_| tagged);
            let body = if cseq == 3 { "" } else { OFFER };
            let text = request(method, &number, &number, cseq, tag.as_deref(), "", body);
            rig.say(&text);
            rig.until(rig.now_ms + wait_ms);
        }
        rig.until(rig.now_ms + 10 * 3_600_000);
        let counters = rig.core.counters();
        prop_assert_eq!((counters.open, counters.up, rig.core.open_callees), (0, 0, 0));
        prop_assert_eq!((rig.core.calls.len(), rig.core.asks.len()), (0, 0));
        prop_assert!(rig.core.records().iter().all(|record| record.end.is_some() && record.ended_ms.is_some()));
    }

    /// A mutilated request is refused or ignored, and never a panic.
    #[test]
    fn no_mutilated_request_breaks_them(at in 0..600usize, octet in any::<u8>(), cut in 0..700usize) {
        let mut rig = Rig::new(PhonesSettings::default());
        let mut octets = request("INVITE", "900", "900", 1, None, "", OFFER).into_bytes();
        let at = at % octets.len();
        octets[at] = octet;
        octets.truncate(cut.max(1));
        rig.core.receive(0, rig.link, &octets);
        rig.collect();
        rig.until(100_000);
    }
}
