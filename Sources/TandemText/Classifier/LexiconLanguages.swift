extension LexiconTerms {
    /// The same meanings in other natural languages. Cyrillic words are also looked up without their last one or two
    /// letters, Chinese, Japanese and Korean ones at every position, so stems suffice there.
    static let otherLanguages: [(meaning: WordMeaning, terms: String)] = [
        (
            .codeObject,
            """
            función, funciones, codigo, código, consulta, algoritmo, expresión regular, funktion, funktionen
            quellcode, quelltext, abfrage, sql-abfrage, algorithmus, fonction, fonctions, requête, algorithme
            funzione, codice, função, funkcja, funkcję, kod, kodu, zapytanie, algorytm, functie, funksjon, fonksiyon
            funkce, kód, funktio, koodi, функци, код, запрос, алгоритм, регулярк, скрипт, сниппет, функція, 代码, 程式碼
            函数, 函數, 脚本, 腳本, 算法, 演算法, 查询语句, 正则, 正則, 正则表达式, コード, 関数, スクリプト, クエリ, アルゴリズム, 正規表現, 코드, 함수, 스크립트, 쿼리, 알고리즘
            정규식, 爬虫, 爬蟲
            """
        ),
        (
            .doubtfulObject,
            """
            programa, script, skript, clase, aplicación, tabla, sitio, programm, klasse, anwendung, tabelle
            webseite, programme, classe, application, tableau, programma, applicazione, tabella, aplicação, tabela
            skrypt, program, klasę, aplikację, программ, класс, приложен, таблиц, бот, сайт, игр, 程序, 程式, 应用, 應用, 网页
            網頁, 表格, 游戏, 类, プログラム, クラス, アプリ, サイト, ゲーム, 프로그램, 클래스, 앱, 웹사이트, página, seite, befehl, comando, commande
            команд, 命令, コマンド, 명령어
            """
        ),
        (
            .codeVerb,
            """
            implementa, implementar, programa un, programar, depura, compilar, implementiere, implementieren
            programmiere, kompilieren, debugge, implémente, implémenter, programmer, compiler, déboguer, implementuj
            zaimplementuj, programować, реализуй, реализовать, отлад, скомпилирова, распарси, парсинг, парсер, 实现
            實現, 编程, 編程, 编译, 調試, 调试, 重构, 爬取, 实作, 實作, 実装, コンパイル, デバッグ, リファクタリング, プログラミング, 구현, 컴파일, 디버그, 프로그래밍
            """
        ),
        (
            .requestVerb,
            """
            escribe, escribir, escríbeme, crea, crear, haz, hazme, dame, genera, generar, explica, explicar, muestra
            arregla, corrige, necesito, quiero, convierte, traduce, optimiza, ayúdame, schreibe, schreib, schreiben
            erstelle, erstell, erstellen, mach, gib, generiere, erkläre, erklär, zeige, zeig, korrigiere, behebe
            brauche, konvertiere, übersetze, optimiere, hilf, écris, écrire, écrivez, crée, créer, créez, donne
            génère, explique, expliquer, montre, besoin, convertis, traduis, optimise, rédige, scrivi, scrivere
            scrivimi, creare, dammi, spiega, spiegami, mostra, correggi, converti, traduci, ottimizza, escreva
            escrever, crie, criar, faça, gere, mostre, corrija, preciso, converta, traduza, napisz, stwórz, utwórz
            zrób, wygeneruj, wyjaśnij, pokaż, popraw, potrzebuję, schrijf, maak, geef, toon, skriv, lav, skapa
            kirjoita, yaz, napiš, vytvoř, напиши, напишите, создай, создать, сделай, дай, сгенерируй, объясни
            покажи, исправь, нужен, нужно, переведи, оптимизируй, помоги, сочини, придумай, напишіть, 写, 寫, 编写, 編寫
            创建, 創建, 生成, 帮我, 幫我, 给我, 給我, 做一个, 做一個, 解释, 解釋, 修复, 优化, 设计, 設計, 転換, 翻译, 翻譯, 書いて, 作って, 作成, 教えて, 説明して, 修正
            変換, 生成して, 써줘, 작성, 만들어, 설명해, 고쳐, 변환
            """
        ),
        (
            .textObject,
            """
            poema, cuento, historia, ensayo, carta, canción, receta, resumen, correo, gedicht, geschichte, aufsatz
            brief, lied, rezept, zusammenfassung, rede, bewerbung, poème, histoire, dissertation, lettre, chanson
            recette, résumé, discours, courriel, poesia, racconto, saggio, lettera, canzone, ricetta, riassunto
            tema, redação, conto, canção, receita, resumo, wiersz, opowiadanie, esej, piosenkę, przepis
            streszczenie, verhaal, recept, dikt, berättelse, стих, стихотворен, рассказ, сочинен, эссе, письм, песн
            рецепт, сказк, реферат, поздравлен, резюме, 诗, 詩, 作文, 故事, 文章, 信, 歌词, 食谱, 论文, 小说, 总结, 演讲, 邮件, 文案, 俳句, 物語
            手紙, 小説, 歌詞, レシピ, エッセイ, メール, 感想文, 要約, 詩を, 시를, 이야기, 편지, 소설, 레시피, 에세이, 요약, 이메일
            """
        ),
        (
            .howTo,
            """
            cómo puedo, como puedo, cómo hago, cómo se, wie kann, wie mache, wie erstelle, wie lese, wie sortiere
            comment faire, comment puis-je, comment puis, comment je, comment lire, comment trier, come posso
            come faccio, come si, como faço, como posso, jak mogę, jak zrobić, hoe kan, hoe maak, hur kan, как
            как мне, 如何, 怎么, 怎麼, 怎样, どうやって, どうすれば, 方法, 어떻게
            """
        ),
        (
            .errorWord,
            """
            excepción, fallo, fehler, ausnahme, fehlermeldung, erreur, errore, eccezione, erro, exceção, błąd
            wyjątek, fout, ошибк, исключени, баг, не работает, 报错, 報錯, 错误, 錯誤, 异常, 異常, エラー, 例外, バグ, 오류, 에러, 버그
            """
        ),
        (
            .computing,
            """
            archivo, archivos, lista, cadena, datos, base, servidor, datei, dateien, liste, zeichenkette, datenbank
            variable, zeile, spalte, ordner, fichier, fichiers, chaîne, données, serveur, dossier, colonne, stringa
            dati, cartella, colonna, arquivo, dados, plik, pliki, listę, baza, danych, kolumn, bestand, файл, файлов
            список, списк, строк, массив, баз, данных, сервер, числ, столбц, папк, переменн, сортировк, 文件, 列表, 字符串
            字串, 数组, 陣列, 数据库, 資料庫, 变量, 變數, 排序, 接口, 服务器, 循环, 递归, 链表, 二叉树, 线程, ファイル, リスト, 文字列, 配列, データベース, 変数, ソート
            サーバー, 再帰, フォルダ, 파일, 리스트, 문자열, 배열, 데이터베이스, 변수, 정렬, 서버
            """
        ),
        (
            .codeConcept,
            """
            binärbaum, verkettete liste, schleife, rekursiv, recursiva, récursive, ricorsiva, bucle, boucle
            рекурсивн, 遍历, 二分查找, 快速排序, 冒泡排序, 多线程, 前端, 后端, 后台接口, マルチスレッド, フロントエンド, 백엔드, 프론트엔드, バブルソート, 単体テスト, 单元测试
            юнит-тест
            """
        ),
        (
            .generalTopic,
            """
            amor, vida, viaje, comida, salud, empresa, negocio, mercado, guerra, historia, liebe, leben, reise
            essen, gesundheit, unternehmen, krieg, schule, kinder, urlaub, amour, vie, voyage, nourriture, santé
            entreprise, guerre, école, vacances, amore, vita, viaggio, cibo, salute, azienda, scuola, vacanza, saúde
            viagem, miłość, życie, podróż, zdrowie, liefde, leven, reis, любов, жизн, путешеств, еда, здоров, бизнес
            войн, школ, природ, осен, весн, кот, собак, рожден, маркетинг, 爱情, 愛, 人生, 旅行, 旅游, 美食, 健康, 公司, 市场, 战争, 历史
            学校, 春天, 秋天, 猫, 狗, 恋愛, 歴史, 料理, 会社, 桜, 季節, 犬, 사랑, 여행, 음식, 건강, 회사, 역사, 학교, 营销, 孩子, 减肥
            """
        ),
        (
            .language,
            """
            파이썬, 자바스크립트, питон, питоне, джава, パイソン, ジャバスクリプト, 蟒蛇语言, пайтон, эксель, pythonie, pythona, javie
            javascripcie, エクセル, マクロ, excel-formel, питона, джаваскрипт, плюсах
            """
        ),
    ]
}
