"""The traps of Kite's MCP server, as they were recorded, and the test that stands at each.

`EXCHANGES` are the numbers of the recorded exchanges that show a trap; a trap without one was
read in the server's source or in Kite's own pages. Paths of tests begin at tests/.
"""

from dataclasses import dataclass
from typing import Final

SESSION: Final = "unit/brokers/test_kite_session.py"
CLIENT: Final = "unit/mcp/test_client.py"
BROKER: Final = "unit/brokers/test_kite_broker.py"
CHECKED: Final = "unit/brokers/test_kite_checked.py"
ARGUMENTS: Final = "unit/brokers/test_kite_arguments.py"
CHANGES: Final = "unit/brokers/test_kite_changes.py"
REPLIES: Final = "unit/brokers/test_kite_replies.py"
MAPPING: Final = "unit/brokers/test_kite_mapping.py"
MARKET: Final = "unit/brokers/test_kite_market.py"
LIMITS: Final = "unit/brokers/test_kite_limits.py"
QUARANTINE: Final = "unit/brokers/test_kite_quarantine.py"
HEARD: Final = "unit/brokers/test_kite_heard.py"
STEPS: Final = "unit/brokers/test_kite_login_steps.py"
LINK: Final = "unit/brokers/test_kite_login_link.py"
INSTRUMENTS: Final = "unit/brokers/test_kite_instruments.py"
HISTORY: Final = "unit/brokers/test_kite_history.py"
SELLING: Final = "unit/brokers/test_kite_selling.py"


@dataclass(frozen=True)
class Trap:
    """One trap: the section it stands in, what it is, and the test by file and name."""

    section: int
    says: str
    file: str
    test: str
    exchanges: tuple[int, ...] = ()


def _span(first: int, last: int) -> tuple[int, ...]:
    return tuple(range(first, last + 1))


KITE_TRAPS: Final = (
    # 1. Transport and session
    Trap(
        1,
        "the session id comes once, with the answer to initialize",
        CLIENT,
        "test_a_session_is_begun_once_and_every_call_goes_through_it",
        (1,),
    ),
    Trap(
        1,
        "a media type with a charset is refused",
        CLIENT,
        "test_the_media_type_has_no_charset_behind_it",
        (119,),
    ),
    Trap(
        1,
        "a session lives 12 hours and nothing prolongs it",
        SESSION,
        "test_a_login_is_over_after_12_hours_without_asking",
    ),
    Trap(
        1,
        "whoever has the session id trades, from any connection",
        SESSION,
        "test_the_next_process_takes_the_login_up_where_it_was_left",
        (109, 129, 143),
    ),
    Trap(
        1,
        "an unknown session is 400, also after a restart",
        SESSION,
        "test_a_restart_of_the_server_loses_the_login_and_nothing_is_sent_twice",
        (118, 128),
    ),
    Trap(
        1,
        "an ended session is 404",
        SESSION,
        "test_a_session_that_the_server_ended_is_lost",
        (117,),
    ),
    Trap(
        1,
        "another replica knows no session of the first",
        SESSION,
        "test_one_word_of_another_replica_ends_no_login",
    ),
    Trap(
        1,
        "a DELETE of an unknown session is 500",
        HEARD,
        "test_a_logout_is_done_when_the_server_has_no_such_session_any_more",
        (164,),
    ),
    Trap(
        1,
        "leaving the SDK's client logs the person out at Kite",
        CLIENT,
        "test_closing_ends_no_session_and_only_end_does",
        (131, 144),
    ),
    Trap(
        1,
        "DELETE is the logout",
        SESSION,
        "test_a_logout_ends_the_session_at_the_server_and_again_changes_nothing",
        (163,),
    ),
    Trap(
        1,
        "a slow logout stalls every other session",
        SESSION,
        "test_a_call_waits_while_the_server_logs_another_session_out",
        (121,),
    ),
    Trap(
        1,
        "stdio is broken, and on SSE the session is the stream",
        SESSION,
        "test_nothing_but_streamable_http_is_spoken_and_no_stream_is_kept",
        (137, 138, 139, 140, 141),
    ),
    Trap(
        1,
        "the SDK tells of a 404 without a session as of a missing method",
        CLIENT,
        "test_an_http_refusal_is_told_with_its_short_text",
        (132, 145),
    ),
    Trap(
        1,
        "a refused connection kills the SDK's task group",
        CLIENT,
        "test_a_refused_connection_is_surely_not_sent_and_the_client_lives_on",
        (133, 134, 146, 147),
    ),
    Trap(
        1,
        "a 400 is an error without words, or kills the task group",
        CLIENT,
        "test_an_http_refusal_is_told_with_its_short_text",
        (135, 148, 149),
    ),
    Trap(
        1,
        "the newer handshake is not understood",
        CLIENT,
        "test_a_session_is_begun_once_and_every_call_goes_through_it",
        (136,),
    ),
    # 2. Login
    Trap(
        2,
        "login on a session with a login asks the profile and keeps or ends it",
        SESSION,
        "test_each_link_is_of_a_fresh_session_and_login_is_its_first_call",
        (8, 14),
    ),
    Trap(
        2,
        "the link stands in prose and nowhere else",
        LINK,
        "test_the_one_link_is_read_out_of_the_prose",
    ),
    Trap(
        2,
        "prose can hold another link",
        LINK,
        "test_prose_without_exactly_one_address_gives_none",
    ),
    Trap(
        2,
        "a way back that is tampered with, late or after a logout fails, and nobody is told",
        SESSION,
        "test_a_way_back_that_failed_logs_nobody_in",
        (10, 11, 12, 123),
    ),
    Trap(
        2,
        "no word comes to the client when a person came back",
        SESSION,
        "test_the_first_call_after_the_login_finds_it_without_being_told",
        (13,),
    ),
    Trap(
        2,
        "a link works again, and the last person through it has the session",
        SESSION,
        "test_another_person_who_comes_through_the_open_link_gets_no_order_of_ours",
        (124,),
    ),
    Trap(
        2,
        "only the first call of a session says that nobody is logged in",
        HEARD,
        "test_only_one_sentence_surely_means_that_nobody_is_logged_in",
        (3, 4, 5),
    ),
    Trap(
        2,
        "of several first calls at once one says it",
        SESSION,
        "test_calls_at_once_before_anybody_logged_in_are_all_surely_not_sent",
        (122,),
    ),
    Trap(
        2,
        "a dead token reads like any failure",
        SESSION,
        "test_a_token_that_died_is_doubt_and_not_a_logout",
        (110,),
    ),
    Trap(
        2,
        "login logs a good token out when the profile fails for a moment",
        SESSION,
        "test_a_passing_error_of_the_profile_never_costs_a_good_login",
        (165,),
    ),
    Trap(
        2,
        "whoever connects anew for each call is never logged in",
        SESSION,
        "test_the_next_process_takes_the_login_up_where_it_was_left",
    ),
    # 3. Results and errors
    Trap(
        3,
        "every reason of Kite's is thrown away",
        BROKER,
        "test_failed_to_place_order_says_nothing_and_the_tag_says_all",
        _span(91, 104),
    ),
    Trap(
        3,
        "a missing argument is told before the session is looked at",
        REPLIES,
        "test_only_what_the_server_checks_before_it_asks_kite_is_certain",
    ),
    Trap(
        3,
        "a tool that is not there is a JSON-RPC error, and was not run",
        SESSION,
        "test_a_tool_that_the_server_does_not_have_was_surely_not_run",
        (90, 126),
    ),
    Trap(
        3,
        "an order booked after 7 s reads like a refusal",
        "integration/test_kite_drops.py",
        "test_a_place_that_is_dropped_midway_is_never_sent_twice",
        (105,),
    ),
    Trap(
        3,
        "a client that hangs up stops no order",
        SESSION,
        "test_an_order_that_we_gave_up_waiting_for_is_booked_all_the_same_and_sent_once",
        (120,),
    ),
    Trap(
        3,
        "a success can name no order",
        BROKER,
        "test_a_success_without_an_order_id_is_unknown",
        (158,),
    ),
    Trap(
        3,
        "the server throttles nothing",
        LIMITS,
        "test_a_storm_of_ten_minutes_keeps_the_limits_and_lets_cancels_out_at_once",
        (155,),
    ),
    Trap(
        3,
        "the server checks no word of an enumeration",
        CHECKED,
        "test_an_argument_that_the_server_would_turn_into_another_is_not_sent",
        (72,),
    ),
    Trap(
        3,
        "every tool is marked alike, as a write",
        CHECKED,
        "test_every_pinned_tool_has_a_kind_and_every_kind_a_pin",
    ),
    Trap(
        3,
        "pages are no snapshot, and a page is of another shape",
        BROKER,
        "test_lists_are_read_without_a_limit",
        _span(23, 26),
    ),
    Trap(
        3,
        "a page before the start promises more than there is",
        REPLIES,
        "test_a_page_or_anything_else_is_never_taken_for_the_whole_list",
        _span(27, 30),
    ),
    Trap(
        3,
        "null times are the first second of the year 1",
        MAPPING,
        "test_zero_and_null_times_are_no_times",
    ),
    Trap(
        3,
        "numbers are floats with noise",
        REPLIES,
        "test_numbers_keep_every_digit_they_were_written_with",
    ),
    Trap(3, "an empty list can be null", REPLIES, "test_a_null_list_is_an_empty_list", (36,)),
    Trap(3, "no bars are null", HISTORY, "test_no_bars_is_none_and_not_an_error", (49,)),
    # 4. Tools and their arguments
    Trap(
        4,
        "an order id is pasted into an address",
        ARGUMENTS,
        "test_only_digits_reach_the_address_that_the_server_builds",
        (34,),
    ),
    Trap(
        4,
        "three tools ask the one quote endpoint, once a second",
        LIMITS,
        "test_reads_searches_quotes_and_history_stay_within_their_second",
        (38,),
    ),
    Trap(
        4,
        "an unknown instrument is left out without an error",
        MARKET,
        "test_an_instrument_without_a_quote_is_left_out",
        (40,),
    ),
    Trap(
        4,
        "a text where a list is meant is an error or nothing",
        CHECKED,
        "test_a_list_must_be_one_and_a_flag_too",
    ),
    Trap(
        4,
        "search results come in another order, so pages overlap",
        INSTRUMENTS,
        "test_a_page_of_the_search_is_not_taken_for_the_whole",
        (57, 58),
    ),
    Trap(
        4,
        "a search finds whatever holds the words",
        INSTRUMENTS,
        "test_a_search_that_finds_more_never_gives_its_first_row_for_the_contract",
    ),
    Trap(
        4,
        "the hosted server has no order tools, and has triggers",
        QUARANTINE,
        "test_a_server_without_order_tools_is_read_and_says_why",
    ),
    Trap(4, "triggers are orders", CHECKED, "test_the_gtt_tools_are_order_tools"),
    Trap(
        4,
        "a quantity given as text is 1",
        ARGUMENTS,
        "test_the_quantity_is_an_integer_because_the_server_makes_1_of_text",
        (67,),
    ),
    Trap(
        4,
        "a price given as text is dropped",
        ARGUMENTS,
        "test_a_price_is_the_json_number_that_reads_back_as_itself",
        (68,),
    ),
    Trap(
        4,
        "a fraction is cut",
        ARGUMENTS,
        "test_a_fraction_is_never_sent_because_the_server_cuts_it",
        (69,),
    ),
    Trap(
        4,
        "a quantity of 0 is left out",
        CHECKED,
        "test_an_argument_that_the_server_would_turn_into_another_is_not_sent",
        (70,),
    ),
    Trap(
        4,
        "a trigger's id given as text is 0",
        CHECKED,
        "test_a_list_must_be_one_and_a_flag_too",
        (89,),
    ),
    Trap(
        4,
        "a change without a quantity asks for 1",
        CHANGES,
        "test_a_change_sends_every_figure_and_is_read_back",
        (78,),
    ),
    Trap(
        4,
        "a zero is dropped, so a price cannot be taken away",
        CHANGES,
        "test_a_change_that_cannot_be_said_is_refused_unsent",
        (79,),
    ),
    Trap(
        4,
        "an unknown argument is dropped in silence",
        SESSION,
        "test_an_argument_that_the_schema_does_not_name_is_not_sent",
        (66, 159),
    ),
    Trap(
        4,
        "market orders need a protection that cannot be sent",
        ARGUMENTS,
        "test_market_orders_are_refused_with_what_to_do_instead",
    ),
    Trap(
        4,
        "a trigger's missing leg becomes zeros",
        CHANGES,
        "test_a_trigger_with_anything_missing_or_off_is_refused_unsent",
        (85,),
    ),
    Trap(
        4,
        "a changed trigger becomes CNC",
        CHANGES,
        "test_only_a_delivery_trigger_is_changed_for_the_server_makes_it_one",
        (162,),
    ),
    Trap(
        4,
        "a trigger has no tag",
        CHANGES,
        "test_two_triggers_of_the_same_terms_are_told_and_not_chosen_from",
    ),
    Trap(
        4,
        "the noise of a price goes through to Kite",
        ARGUMENTS,
        "test_a_price_off_the_tick_is_refused_before_it_is_sent",
        (156,),
    ),
    Trap(
        4,
        "a tag is not looked at",
        ARGUMENTS,
        "test_a_tag_that_kite_would_refuse_or_the_book_would_not_show_is_not_sent",
        (71,),
    ),
    Trap(
        4,
        "day and net positions stand in one list, unmarked",
        MAPPING,
        "test_of_two_equal_positions_the_last_is_net_and_the_first_the_days",
        (18,),
    ),
    Trap(
        4,
        "the children of a sliced order are dropped, so Kite's slicing is never asked for",
        CHECKED,
        "test_an_argument_that_the_server_would_turn_into_another_is_not_sent",
        (157,),
    ),
    Trap(
        4,
        "what became of a trigger's order is dropped",
        CHANGES,
        "test_a_trigger_that_was_met_is_neither_changed_nor_deleted",
    ),
    # 5. What Kite itself does
    Trap(
        5,
        "an order placed is only registered",
        BROKER,
        "test_a_rejection_the_book_shows_late_is_read_with_its_reason",
    ),
    Trap(
        5,
        "other statuses may come, and end nothing",
        MAPPING,
        "test_only_three_statuses_end_an_order_and_an_unknown_one_does_not",
    ),
    Trap(
        5,
        "a cancelled order can have fills",
        MAPPING,
        "test_a_cancelled_order_keeps_its_fills_and_the_rest_is_cancelled_whatever_kite_counts",
    ),
    Trap(
        5,
        "a partial fill is an open order",
        MAPPING,
        "test_a_partly_filled_order_is_open_for_the_rest",
    ),
    Trap(
        5,
        "a tag is taken as often as it is sent",
        "conformance/broker_suite.py",
        "test_bc19_a_repeated_tag_is_not_taken_or_its_second_order_is_shown",
        (62,),
    ),
    Trap(
        5,
        "a token dies at 06:00 in India",
        STEPS,
        "test_a_login_ends_after_12_hours_or_at_6_in_india",
    ),
    Trap(
        5,
        "orders are counted by the minute",
        LIMITS,
        "test_four_hundred_orders_are_a_minutes_measure",
    ),
    Trap(
        5,
        "orders are counted by the day",
        LIMITS,
        "test_a_days_orders_are_counted_by_the_day_in_india",
    ),
    Trap(
        5,
        "an order is changed 25 times at most",
        LIMITS,
        "test_one_order_is_changed_25_times_and_another_still_may_be",
    ),
    Trap(
        5,
        "500 quotes a call",
        MARKET,
        "test_more_than_five_hundred_are_asked_in_several_calls",
    ),
    Trap(
        5,
        "history is given in windows",
        HISTORY,
        "test_windows_hold_what_kite_gives_at_once_and_leave_no_day_out",
    ),
    Trap(
        5,
        "the free plan has no quotes, and does not say so",
        MARKET,
        "test_a_failure_without_a_reason_says_all_that_it_may_be",
    ),
    Trap(
        5,
        "tick, lot and freeze are not checked before Kite",
        ARGUMENTS,
        "test_a_quantity_off_the_lot_or_over_the_freeze_is_refused_before_it_is_sent",
    ),
    Trap(
        5,
        "less is sellable than is held",
        SELLING,
        "test_of_trade_to_trade_only_what_is_delivered_may_be_sold",
    ),
    # 6. Rules of the exchange
    Trap(6, "MCX takes no IOC", ARGUMENTS, "test_mcx_takes_no_ioc"),
    Trap(
        6,
        "ten orders a second at most",
        LIMITS,
        "test_a_burst_of_orders_stays_within_the_second_with_room_for_cancels",
    ),
    # 7. What the adapter must do
    Trap(
        7,
        "a session id is a credential",
        "unit/brokers/test_kite_secrets.py",
        "test_no_session_id_link_or_token_is_in_a_log_an_error_or_a_repr",
    ),
    Trap(7, "nothing logs in by itself", SESSION, "test_nothing_logs_in_by_itself"),
    Trap(
        7,
        "a success is one when the book agrees",
        BROKER,
        "test_an_order_that_the_book_shows_otherwise_is_not_a_success",
    ),
    Trap(
        7,
        "cancels pass orders that wait",
        LIMITS,
        "test_orders_that_wait_never_delay_a_cancel",
    ),
    Trap(
        7,
        "a tool can change under its name",
        QUARANTINE,
        "test_a_write_that_changed_under_its_name_stops_every_write_and_no_read",
    ),
    Trap(
        7,
        "a text of Kite's can read like an instruction",
        SESSION,
        "test_what_kite_writes_is_quoted_and_starts_nothing",
    ),
)

# Every exchange that the description of the server points at.
EXCHANGES: Final = frozenset(
    {
        *(1, 3, 4, 5, 8, 10, 11, 12, 13, 14, 18, *_span(23, 30), 34, 36, 38, 40, 49, 57, 58, 62),
        *(*_span(66, 72), 78, 79, 85, 89, 90, *_span(91, 105), 109, 110, *_span(117, 124), 126),
        *(128, 129, *_span(131, 141), *_span(143, 149), *_span(155, 159), *_span(162, 165)),
    }
)
