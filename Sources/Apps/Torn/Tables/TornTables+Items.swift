import FreshetCore

extension TornTables {
    /// Items, what armour covers, and the modifications that fit a weapon.
    var items: [TableSpec] { [itemTable, coverageTable, modTable] }

    private var itemTable: TableSpec {
        let details = [
            Self.text("details_category", "$.details.category"),
            Self.float("details_stealth_level", "$.details.stealth_level"),
            Self.integer("details_base_stats_damage", "$.details.base_stats.damage"),
            Self.integer("details_base_stats_accuracy", "$.details.base_stats.accuracy"),
            Self.integer("details_base_stats_armor", "$.details.base_stats.armor"),
            Self.integer("details_ammo_id", "$.details.ammo.id"), Self.text("details_ammo_name", "$.details.ammo.name"),
            Self.integer("details_ammo_magazine_rounds", "$.details.ammo.magazine_rounds"),
            Self.integer("details_ammo_rate_of_fire_minimum", "$.details.ammo.rate_of_fire.minimum"),
            Self.integer("details_ammo_rate_of_fire_maximum", "$.details.ammo.rate_of_fire.maximum"),
        ]
        var spec = table(
            "items", "$.items[*]", key: ["id"],
            [
                Self.integer("id", isRequired: true), Self.text("name", isRequired: true),
                Self.text("description", absent: [""]), Self.text("effect", absent: [""]),
                Self.text("requirement", absent: [""]), Self.text("image", absent: [""]), Self.text("type"),
                Self.text("sub_type"), Self.boolean("is_masked"), Self.boolean("is_tradable"),
                Self.boolean("is_found_in_city"), Self.text("value_vendor_country", "$.value.vendor.country"),
                Self.text("value_vendor_name", "$.value.vendor.name"),
                Self.integer("value_buy_price", "$.value.buy_price"),
                Self.integer("value_sell_price", "$.value.sell_price"),
                Self.integer("value_market_price", "$.value.market_price"), Self.integer("circulation"),
            ] + details)
        spec.exclude = ["$.details.coverage", "$.details.mods"]
        spec.indexes = [["id"], ["type"]]
        spec.clusterBy = ["type", "id"]
        return spec
    }

    private var coverageTable: TableSpec {
        var spec = table(
            "item_coverage", "$.items[*].details.coverage[*]", key: ["item_id", "coverage_index"],
            [
                Self.integer("item_id", isRequired: true), Self.text("item_name"),
                Self.integer("coverage_index", isRequired: true), Self.text("name", isRequired: true),
                Self.float("value"),
            ])
        spec.parent = itemSources + [("coverage_index", "$.items[*].details.coverage[*]")]
        return spec
    }

    private var modTable: TableSpec {
        var spec = table(
            "item_mods", "$.items[*].details.mods[*]", key: ["item_id", "mod_index"],
            [
                Self.integer("item_id", isRequired: true), Self.text("item_name"),
                Self.integer("mod_index", isRequired: true), Self.integer("mod_id", "$.value", isRequired: true),
            ])
        spec.parent = itemSources + [("mod_index", "$.items[*].details.mods[*]")]
        return spec
    }

    private var itemSources: [(name: String, source: String)] {
        [("item_id", "$.items[*].id"), ("item_name", "$.items[*].name")]
    }
}
