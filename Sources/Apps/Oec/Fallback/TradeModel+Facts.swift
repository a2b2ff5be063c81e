extension TradeModel {
    /// A product in each line: its slug, what the world trades of it in billions of dollars, its reach, the kinds of goods that it is one
    /// of, and the countries that are known for exporting it, in rough order.
    ///
    /// Common knowledge in round figures, set down by hand; no figure of the upstream is among them.
    static let productFacts = """
        cars 850 1 vehicle carlike| DE JP CN US KR MX ES GB BE CA SE ZA TH TR IT FR AT IN ID MA AE NL AR BR AU
        tires 85 1 vehicle| CN TH JP DE KR US VN ES FR NL IT ID IN TR CA BR GB BE MX RU MY PH SE
        auto_parts 430 1 vehicle carlike| DE CN US MX JP KR IT FR ES CA TH AT SE TR GB BE IN NL MA BR ID VN
        cargo_trucks 180 0 vehicle carlike| MX US DE TH CN JP ES FR IT TR ZA AR BE NL SE GB KR BR AT IN CA RU
        transmissions 65 0 machine carlike| DE CN US JP IT FR KR AT BE GB NL MX IN SE ES TH TR BR
        engine_parts 65 0 machine carlike| DE US CN JP IT MX KR FR AT GB IN BR TR ES NL SE TH BE CH
        electric_motor_vehicles 130 0 vehicle carlike hightech| DE CN KR BE US JP ES GB SE MX NL FR AT TH CA IT
        spark_plugs 3.7 0 vehicle carlike electric| JP DE TH US CN MX FR IN GB AT BR ID ES NL IT SG BE KR
        air_filters 3.9 0 vehicle carlike machine| CN US DE MX JP FR ES KR ZA GB IT TH IN NL BE ID TR
        rear_view_mirrors 3.9 0 vehicle carlike| US DE CN MX ES JP KR IT FR GB TH IN TR NL BR BE
        mufflers 12 0 vehicle carlike| DE ZA US MX CN ES FR KR IT AT IN TR TH GB SE CA BR
        phones 560 1 electronic hightech entrepot assembly| CN VN HK US NL IN MX SG TH DE MY KR AE SE GB JP
        computers 380 1 electronic hightech entrepot assembly| CN MX US NL TH HK DE VN SG MY GB FR JP KR SE BE IE \
            IL AE
        circuits 900 -1 electronic chip entrepot asiachip| HK CN KR SG MY US JP PH DE IE VN NL IL FR TH BE IT AT
        drones 4 0 electronic aero hightech entrepot| CN HK TR US IL DE FR GB NL SG MY BE CH IT AE
        insulated_wire 160 1 electric carlike| CN MX US DE VN MA JP IT PH KR FR TR EG IN TH GB NL ID HK BE
        electric_batteries 170 0 electric hightech| CN DE KR US JP HK MY SG VN NL ID MX FR BE TH GB TR
        semiconductors 140 1 electronic chip asiachip| CN MY JP DE VN TH KR HK US SG NL IT PH FR BE IN ES TR AT SE CA
        low_voltage_protection 105 1 electric machine| CN DE US JP FR MX HK IT KR MY AT ES CH NL TR IN SG TH PH
        office_machine_parts 100 1 electronic entrepot assembly asiachip| CN HK KR VN US TH MX SG NL MY DE PH IE JP GB
        semiconductor_manufacturing 125 0 machine hightech chip| JP NL US SG KR DE CN MY AT CH IT GB FR IL HK
        control_boards 80 1 electric machine| DE CN US MX JP FR IT CA AT KR CH TR ES IN SE SG GB TH
        video_displays 75 0 electronic assembly entrepot| CN MX VN US NL DE TR MY TH ID BE GB SG AE
        industrial_printers 75 0 electronic entrepot assembly| CN JP DE VN NL TH US SG PH MX IT MY KR GB ID ES
        flat_panel_displays 60 -1 electronic chip asiachip entrepot| CN KR JP HK VN NL US MX DE TH MY SG PH
        electric_motors 60 1 electric machine| CN DE MX US JP IT VN TH FR KR AT HK SE CH GB IN BE
        video_game_consoles 20 -1 electronic assembly entrepot| CN JP VN US NL HK DE GB BE MX ES AE TH MY
        microphones 3.5 0 electronic entrepot| CN DE VN MY US HK JP TH NL PH ID KR SG AT GB
        thermostats 4.2 0 instrument electric| CN DE MX US IT FR JP ES TR KR BE GB NL CA
        microwave_ovens 4.7 -1 appliance assembly| CN MY TH DE IT NL KR BE ES US TR SG GB
        cash_registers 3.5 0 electronic assembly entrepot| CN US DE MY MX GB TH SG JP VN NL FR HK IT PH
        dish_washing_machines 4 -1 appliance| DE CN TR IT KR SE ES NL US TH MX BE FR AE
        lasers 5 -1 instrument hightech| US DE CN JP GB SG FR NL CA MY TH KR CH IL IT AT
        coffee_tea_makers 4 0 appliance assembly| CN CH IT DE ID NL FR TH MY ES BE TR US GB AT HK
        medicine 430 1 pharma| DE CH US IE IT BE NL FR IN GB ES SE AT SG CN KR CA JP MX AU TR
        medical_instruments 155 1 instrument medical| US DE MX CN NL JP IE CH SG MY BE GB FR IT KR IL TH SE
        orthopedic_appliances 70 1 instrument medical| US CH IE NL DE CN SG BE FR GB IT AU MY ES AT SE IL MX
        vitamins 4 0 pharma consumerchem| DE CN US IN GB FR IT NL CH BE ES CA KR AU SG MX AT
        penicillins 4 0 pharma| IN IT AT CN ES FR DE GB US BE CH SG MX KR TR SA EG
        xray_machines 5 -1 instrument medical hightech| DE US JP CN NL FR KR CH IT GB SG IL AT
        pacemakers 4 -1 instrument medical hightech| IE US SG CH MY NL DE SE IT FR BE GB
        contact_lenses 6 -1 instrument medical| IE US DE GB JP SG MY NL BE FR KR IT CA
        insulin 8 -1 pharma| DE FR US IT IE BR CN NL BE CH GB RU
        coffee 40 1 tropical| BR VN DE IT CH ID US NL BE FR ES GB MX IN KE SE EC AT TH SG
        wine 38 0 drink mediterranean| FR IT ES CL AU US NZ DE AR ZA GB SG HK BE NL AT CH CA
        beer 17 0 drink| MX NL BE DE US GB IE CN FR IT ES CA AT SG TH RU KR VN
        liquor 38 0 drink| GB FR MX US IT SG DE NL IE ES CA JP BE SE CN ZA IN AE HK RU AU TH
        whiskies 13 -1 drink| GB US IE SG JP NL FR CA DE IN AU BE ES HK AE CH IT
        oil 1300 -1 fuel| SA RU CA US AE NO BR KZ NG QA DZ MX GB EC AR MY AU ID EG NL TH VN
        gas 520 -1 fuel| US QA NO AU DZ MY RU NG CA AE ID NL BE SA KZ DE AR GB BR TH FR EG SG
        refined_oil 850 1 fuel| US IN NL SG KR RU AE SA CN BE MY IT ES DE CA GB TR FR DZ TH SE EG KZ BR
        coal_briquettes 190 -1 mining fuel| AU ID RU US ZA CA KZ CN NL BE DE IN CH VN
        gas_turbines 120 0 machine aero hightech| US GB FR DE SG CA JP IT NL CH SE AE MY HK TH AT IN
        electrical_transformers 130 1 electric machine| CN DE US MX KR JP IT TH PH VN TR AT IN HK MY NL FR
        electricity 70 -1| FR DE CH SE NO ES AT CA IT NL BE GB KZ RU BR CN US TR ZA SG EG
        cheese 38 0 dairy temperate| DE NL IT FR BE US NZ IE GB AT CH AU ES SE CA AR EG SA TR RU
        sugar 37 1 tropical| BR IN TH FR DE AE MX AU MA BE PK EG ZA CA CN NL AR DZ KR
        salt 3.9 1| NL CN IN DE US AU CL CA MX BE FR GB ES EG PK IT BR ZA TR AT NO
        tomatoes_preserved 4 0 foodproc mediterranean| IT CN US ES CL TR NL DE FR EG BE IN AE MA
        ice_cream 4.7 1 foodproc dairy temperate| DE FR BE NL IT ES GB US AU TH AE NZ MY SE IN AT TR CA CN
        sausages 6 -1 foodproc temperate| DE ES IT AT US NL BE FR CA CN BR MY TH CL AR GB
        butter 8 -1 dairy temperate| NZ NL IE DE BE FR US GB IN AU AE SG IT AR TR EG CH
        palm_oil 9 -1 tropical oilseed| ID MY TH EC NL SG US DE BR AE IT PH IN KE ES SE
        soybeans 90 -1 grain oilseed| BR US CA AR NL RU BE DE FR CN ZA NG IN KZ KE AU CL IT EG
        corn 50 -1 grain temperate| US BR AR FR ZA IN RU AU ES DE TR PK CL IT CN VN AT KZ MX
        cherries 4 -1 fruit| CL HK TR US ES IT AR CA AT DE NL BE AU ZA NZ AE CN KZ FR JP
        cocoa_beans 9 -1 tropical| EC NG BE NL MY ID US FR DE SL IN PH TH GB KE BR MX
        fish_fillets 30 1 fish| CN NO CL VN NL SE DE US RU ID IN ZA NZ ES FR GB AR CA KR TH MA TR EC
        bananas 14 0 fruit tropicalfruit tropical| EC PH NL BE US MX IN CN IT FR DE ES VN AE KE TR ZA TH BR MY PK
        nitrogenous_fertilizers 33 1| RU CN QA SA EG DZ NG NL MY ID TR BE DE US SG VN KZ ES CA NO AE IT IN BR
        tractors 85 0 vehicle machine| DE MX NL US FR CN GB IT JP BE IN AT SE TR KR BR ES TH ZA
        cucumbers_gherkins 3.2 0 fruit mediterranean| ES MX NL CA TR DE BE MA US AT FR KZ RU EG GB IT
        oranges 5 1 fruit mediterranean| ES ZA EG US NL TR AU MA IT CN CL AR IL HK BE DE FR PK MX
        guavas_mangoes 4 0 fruit tropicalfruit tropical| MX TH NL BR IN EC ES VN PK PH ID EG IL AE CN DE FR BE ZA \
            AU KE NG
        frozen_whole_fish 4 1 fish| CN ID IN US NL VN RU NO KR JP ES SG ZA TH MA PK AE CL NZ EC AR
        strawberries 4 0 fruit mediterranean| ES MX US NL EG MA TR BE DE IT FR CA AU CN ZA KE GB CL NZ
        lemons_limes 4 0 fruit mediterranean| MX ES ZA TR AR NL CL EG US BR IT VN DE MA CN HK AU AE FR GB
        frozen_salmon 4 -1 fish| CL NO CN SE CA GB NL US DE ES FR TH VN RU BE NZ IT
        sesamum_seeds 3 -1 tropical oilseed| IN NG PK BR MX NL CN EG KE VN TR AE TH DE SG AU MY
        sunflower_seeds 4 -1 oilseed grain temperate| RU CN FR US AR NL KZ TR DE CA IT ES GB IN ZA EG CL AE BR AT
        apples 8 0 fruit| CN US IT CL NZ ZA FR NL TR BE ES DE AT BR AU JP GB AR CA RU IN
        avocados 8 -1 fruit tropicalfruit| MX NL ES ZA KE CL IL US NZ MA DE FR GB BR TR BE AU EC TH
        diamonds 100 -1 gems entrepot| IN US HK AE BE IL ZA RU SG CA GB CH TH DE IT FR JP KE SL AU NG
        copper_ore 90 -1 mining ore| CL AU ID CA MX US BR ES RU PH CN AR MY NL GB TR KZ DE SA
        iron_ore 150 -1 mining ore| AU BR CA ZA IN SE NL RU CL KZ MY DE MX NO US TR BE AT SL PH
        t_shirts 48 1 apparel knit| CN BD VN IN DE TR IT ES NL FR PK BE MX GB EG ID US HK MA TH SE
        tea 6 1 tropical| CN KE IN DE GB AE US RU FR CA NL ID JP HK BE SE TR AR AU ES VN
        leather_footwear 52 1 apparel| IT VN CN DE FR ID ES IN BE NL BR MX GB AT TH CH TR
        womens_suits 50 1 apparel| CN VN BD IT DE ES TR IN MA FR NL PK BE ID GB HK SE EG
        bed_linen_cotton 3.5 -1 apparel cottonlike| PK CN IN DE BD TR NL BE FR ES IT US GB EG SE AT ID AE
        womens_blouses 4 1 apparel| CN IN BD IT DE TR FR ES MA NL ID PK BE VN GB HK US
        womens_dresses 4 1 apparel knit| CN TR IT DE ES VN BD NL GB IN BE FR ID US HK MA AT EG
        baby_garments 5 1 apparel knit cottonlike| CN BD IN ES TH TR FR DE IT NL GB BE VN EG PK ID
        bicycles 9 0 vehicle consumer| CN DE NL IT ES VN BE ID GB US AT SG TR IN FR AU SE
        airplanes 110 -1 aero| FR DE US CA BR IE ES GB CN IT JP AE SG NL CH TR MX
        helicopters 5 -1 aero| US IT DE FR GB CA CH IL AU NL TR ZA ES SG AT SE RU BE
        motorcycles 10 -1 vehicle| CN IN ID VN TH JP DE AT NL BE IT US TR MX BR ES SG AE
        jewellery 140 1 gems luxury| CN IT IN CH HK AE US FR TR TH SG GB DE ID MY JP CA ES AT IL BD VN NL ZA
        precious_stones 5 -1 gems| US HK TH CH IN FR DE IT GB IL BR AE SG ZA MY JP AU
        valves 105 1 machine| CN DE US IT JP MX FR KR GB CH AT NL CA SE IN SG ES TH
        industrial_machines 80 1 machine hightech| DE CN JP US IT KR SG AT CH NL FR SE MY CA GB HK TH BE
        centrifuges 80 1 machine| CN DE US JP GB IT KR MX FR NL SE IN TH CH BE CA TR SG AT
        air_pumps 85 1 machine| CN DE US JP IT MX KR TH FR BE GB NL AT IN SE MY SG TR
        liquid_pumps 75 1 machine| DE CN US JP IT MX FR GB NL KR AT IN SE CA TH TR SG
        nitrogen_compounds 100 0 chem| IE CH CN DE IN US SG BE GB NL FR IT JP KR ES AT SE BR MX
        ethylene_polymers 85 1| US SA KR BE AE SG DE NL TH CA QA IN FR ES EG MY IT BR CN ID AT JP SE
        fungicides 10 0 chem| FR DE CN GB BE US IN ES IT IL NL AT CH BR TR ZA AU MX KR
        seats 80 1 consumer carlike| CN MX VN DE IT US FR CA GB SE JP AT TR MY NL TH ID
        aircraft_parts 100 1 aero| US FR GB DE SG IT JP MX CN ES KR CA MY IN AE TH MA NL BE TR IL
        refined_copper 95 0 metal ore| CL RU JP KR AU KZ CN BE DE ES SG NL IN MX US SE IT BR AT PH
        raw_aluminium 65 1 metal| CA IN AE RU AU NO MY NL ZA QA DE FR BR KZ EG AR KR VN ID BE
        hot_rolled_iron 62 -1 metal| CN JP KR IN VN DE BE NL RU TR BR US IT ID FR AT EG CA GB SE AU MY SA
        silicon_pure 6 -1 chip chem hightech| DE US MY KR JP CN NO IT AT TH QA IN GB NL
        wood_chips 4 -1| VN TH AU CL ZA BR MY ID US ES DE CA AR NZ EC RU
        platinum 6 -1 gems ore metal| ZA GB CH US DE IT RU HK BE JP IN CN SE NO CA AU
        cotton 15 -1 cottonlike grain tropical| US BR AU IN TR EG AR BD MX PK ES VN TH CN MY KZ NG ZA
        trunks_cases 85 1 luxury apparel| CN IT FR VN HK IN DE ES TH ID GB US PH MX BE NL AT SG CH
        sunglasses 7 0 luxury consumer instrument| IT CN HK FR DE US GB NL ES AT JP CH TH SG AE BE
        construction_vehicles 60 1 machine| CN JP DE US KR GB BE NL IN SE FR IT TH AT TR BR SG AU ES
        excavation_machinery 60 1 machine| CN US DE IT JP GB KR SE NL CA FR AT IN SG AE AU ES BE ZA
        doors_windows_steel 4 1 metal consumer| CN DE CA NL IT US TR ES FR BE SE AT MX KR GB SA AE IN
        worked_granite 5 -1| CN IN IT BR ES VN SA US FR DE BE EG AE ZA CA NO
        beauty_products 70 1 cosmetic consumerchem| FR KR US DE JP IT ES GB SG CN CH CA NL HK IE TH MX AE BE
        perfumery_cosmetics 4 1 cosmetic consumerchem| CN US FR ES DE GB NL IT IN TR MY IE MX CA AE TH ID BE EG
        deodorants 4 1 cosmetic consumerchem| DE GB US MX TH TR FR NL ES IT BR AR IE IN AE BE PH CA EG ZA
        lip_makeup 5 0 cosmetic consumerchem luxury| FR IT CN US DE KR ES HK GB JP SG BE CA NL AE CH AT
        eye_makeup 5 0 cosmetic consumerchem luxury| CN IT FR DE US KR GB ES NL JP MX CA BE SG AE HK
        hair_shampoos 5 1 cosmetic consumerchem| FR US TH DE ES IT MX GB CN AE NL TR JP KR IN ZA BE ID BR CA
        e_cigarettes 6 -1 electronic assembly| CN ID HK NL GB MY US DE FR AE CH SG TR
        smoking_tobacco 4 -1| DE NL BE AE US TR ID RU EG PH GB SG IN MY SE FR ES AR BR
        candles 3.5 1 consumer consumerchem assembly| CN VN US NL DE IN BE FR ES GB CA TR TH IT SE AT IL
        toilet_paper 3.5 1| CN DE CA IT US MX SE ID TR FR ES BE AT MY GB TH ZA AU VN EG CL NL CH
        """

    /// What each country exports of goods in a year, in billions of dollars, roughly.
    static let countryExports = """
        CN=3380 US=2020 DE=1690 JP=717 GB=520 FR=648 KR=632 IT=677 CA=569 ES=423 IN=432 NL=935 SA=320 CH=420 \
        AU=371 IE=209 MX=593 RU=424 TH=285 MY=313 BR=340 CL=95 ZA=111 SL=1.3 NG=58 ID=259 EC=31 SE=198 \
        NO=177 BE=562 AT=224 AE=488 TR=256 AR=67 VN=354 PK=28 BD=55 SG=476 HK=574 IL=67 NZ=42 PH=73 KE=7.2 \
        MA=42 KZ=79 QA=98 DZ=55 EG=42
        """
}
