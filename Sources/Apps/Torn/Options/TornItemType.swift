/// The types of Torn's items: each item has exactly one, so that asking type by type shows every item once.
public enum TornItemType {
    /// Every type of version 2 of the API, in ascending order.
    public static let all = [
        "Alcohol", "Armor", "Artifact", "Book", "Booster", "Candy", "Car", "Clothing", "Collectible", "Drug",
        "Energy Drink", "Enhancer", "Flower", "Jewelry", "Material", "Medical", "Other", "Plushie", "Special",
        "Supply Pack", "Tool", "Unused", "Weapon",
    ]
}
